import SwirlDeferred
import Testing

/// Values that fit where a Deferred keeps them, and values that do not; in code that is specialized, and in code that
/// is not.
@Suite(.reported) struct DeferredStorageTests {
  /// Counts how many are alive.
  final class Counter {
    var alive = 0
  }

  final class Part {
    let counter: Counter
    init(_ counter: Counter) {
      self.counter = counter
      counter.alive += 1
    }
    deinit { counter.alive -= 1 }
  }

  struct Two { let (a, b): (Part, Part) }
  struct Three { let (a, b, c): (Part, Part, Part) }
  struct Small { let (part, byte): (Part, UInt8) }
  struct Watching { weak var part: Part? }
  struct Wide: Equatable { var (a, b): (SIMD4<Float>, SIMD4<Float>) = ([1, 2, 3, 4], [5, 6, 7, 8]) }
  enum Choice {
    case part(Part), bytes(UInt64, UInt64)
    case nothing
  }

  @inline(never) private func pass<Value>(
    _ make: @escaping @autoclosure () -> Value, _ read: @escaping (Value) -> Int
  ) -> Int {
    var sum = 0
    let late = Deferred<Value>()
    let kept = late.addCallback { $0 }
    late.addCallback { sum += read($0) }
    late.callback(make())
    kept.addCallback { sum += read($0) }.addErrback { _ in }
    Deferred.succeed(make()).addBoth { sum += read(try $0.get()) }
    Deferred<Void>.succeed().addCallback { Deferred.succeed(make()) }.addCallback { sum += read($0) }
    let target = Deferred<Value>()
    late.chainDeferred(target)
    target.addCallback { sum += read($0) }
    return sum
  }

  @Test func everyKindOfValueComesThroughAndIsReleased() {
    let counter = Counter()
    #expect(pass(()) { 1 } == 5)
    #expect(pass(true) { $0 ? 1 : 0 } == 5)
    #expect(pass(UInt8(7)) { Int($0) } == 35)
    #expect(pass(7) { $0 } == 35)
    #expect(pass((1, 2)) { $0.0 + $0.1 } == 15)
    #expect(pass((1, 2, 3)) { $0.0 + $0.1 + $0.2 } == 30)
    #expect(pass("a text of over fifteen bytes: \(counter.alive)") { $0.utf8.count } == 5 * 31)
    #expect(pass([1, 2, 3]) { $0.count } == 15)
    #expect(pass(Int?.none) { $0 == nil ? 1 : 0 } == 5)
    #expect(pass(SIMD2<Double>(1, 2)) { Int($0.x + $0.y) } == 15)
    #expect(pass(Wide()) { $0 == Wide() ? 1 : 0 } == 5)
    #expect(pass(Part(counter)) { $0.counter.alive > 0 ? 1 : 0 } == 5)
    #expect(pass(Small(part: Part(counter), byte: 9)) { Int($0.byte) } == 45)
    #expect(pass(Two(a: Part(counter), b: Part(counter))) { $0.a === $0.b ? 0 : 1 } == 5)
    #expect(pass(Three(a: Part(counter), b: Part(counter), c: Part(counter))) { $0.c.counter.alive >= 3 ? 1 : 0 } == 5)
    let choices = [
      pass(Choice.part(Part(counter))) { if case .part = $0 { 1 } else { 0 } },
      pass(Choice.bytes(3, 4)) { if case .bytes(3, 4) = $0 { 1 } else { 0 } },
      pass(Choice.nothing) { if case .nothing = $0 { 1 } else { 0 } },
    ]
    #expect(choices == [5, 5, 5])
    #expect(pass(Part(counter) as AnyObject) { $0 is Part ? 1 : 0 } == 5)
    let closures = pass({ [part = Part(counter)] in part.counter.alive } as () -> Int) { $0() > 0 ? 1 : 0 }
    #expect(closures == 5)
    #expect(pass(Three(a: Part(counter), b: Part(counter), c: Part(counter)) as Any) { $0 is Three ? 1 : 0 } == 5)
    #expect(counter.alive == 0)
  }

  @Test func aWeakReferenceInAValueBecomesNil() throws {
    let counter = Counter()
    var part: Part? = Part(counter)
    let deferred = Deferred.succeed(Watching(part: part))
    var seen: [Bool] = []
    deferred.addCallback { seen.append($0.part != nil) }
    part = nil
    deferred.addCallback { seen.append($0.part != nil) }
    #expect(seen == [true, false])
    #expect(counter.alive == 0)
  }

  @Test func aValueLivesAsLongAsItsDeferred() {
    let counter = Counter()
    do {
      let two = Deferred.succeed(Two(a: Part(counter), b: Part(counter)))
      let three = Deferred.succeed(Three(a: Part(counter), b: Part(counter), c: Part(counter)))
      #expect(counter.alive == 5)
      two.callback(Two(a: Part(counter), b: Part(counter)))
      #expect(Reports.takeWords() == ["fired twice"])
      withExtendedLifetime((two, three)) { #expect(counter.alive == 5) }
    }
    #expect(counter.alive == 0)
  }

  @Test func releasingAValueMayUseItsDeferred() {
    final class Ending {
      var then: () -> Void = {}
      deinit { then() }
    }
    let log = Log()
    var ending: Ending? = Ending()
    var outer: Deferred<Int>? = Deferred<Int>()
    ending!.then = { [weak outer] in
      log(outer == nil ? "no Deferred" : "a Deferred")
      Deferred.succeed(1).addCallback { log("\($0)") }
    }
    outer!.addCallback { [ending] _ in ending! }
    ending = nil
    outer!.callback(1)
    #expect(log.lines == ["a Deferred", "1"])
    outer = nil
  }

  @Test func awaitedValuesOfEverySize() async throws {
    let counter = Counter()
    func give<Value>(_ value: Value) async throws -> Value {
      let deferred = Deferred<Value>()
      deferred.callback(value)
      return try await deferred.value
    }
    #expect(try await give(5) == 5)
    #expect(try await give((1, 2, 3)).2 == 3)
    #expect(try await give(Three(a: Part(counter), b: Part(counter), c: Part(counter))).b.counter === counter)
    #expect(counter.alive == 0)
  }

  @Test func cancellingAfterAValueChangesNothing() {
    let deferred = Deferred.succeed((1, 2, 3))
    deferred.cancel()
    var seen = 0
    deferred.addCallback { seen = $0.2 }
    #expect(seen == 3)
  }
}
