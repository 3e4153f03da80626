import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct DelayedCallTests {
  let clock = TestClock()

  @Test func `cancel takes it back, and releases what it captured at once`() {
    final class Object {}
    weak var weakObject: Object?
    var object: Object? = Object()
    weakObject = object
    let call = clock.callLater(.seconds(1)) { [object] in Issue.record("\(String(describing: object))") }
    object = nil
    #expect(weakObject != nil && call.isActive)
    call.cancel()
    #expect(weakObject == nil && !call.isActive)
    call.cancel()
    clock.advance(by: .seconds(2))
  }

  @Test func `what it captured is released when it was called`() {
    final class Object {}
    weak var weakObject: Object?
    var object: Object? = Object()
    weakObject = object
    let call = clock.callLater(.seconds(1)) { [object] in _ = object }
    object = nil
    clock.advance(by: .seconds(1))
    #expect(weakObject == nil && !call.isActive)
  }

  @Test func `reset counts from now, delay from when it was due`() {
    var seen: [Duration] = []
    let start = clock.now
    let note = { [clock] in seen.append(clock.now - start) }
    let reset = clock.callLater(.seconds(4), note)
    let delayed = clock.callLater(.seconds(4), note)
    clock.advance(by: .seconds(1))
    reset.reset(.seconds(4))
    delayed.delay(.seconds(4))
    #expect(reset.time - start == .seconds(5) && delayed.time - start == .seconds(8))
    clock.pump(Array(repeating: .seconds(1), count: 9))
    #expect(seen == [.seconds(5), .seconds(8)])
  }

  @Test func `it can be made sooner`() {
    var seen: [Duration] = []
    let start = clock.now
    let note = { [clock] in seen.append(clock.now - start) }
    clock.callLater(.seconds(10), note).reset(.seconds(1))
    clock.callLater(.seconds(10), note).delay(.seconds(-8))
    clock.callLater(.seconds(10), note).reset(.seconds(-3))
    clock.advance(by: .zero)
    clock.pump(Array(repeating: .seconds(1), count: 20))
    #expect(seen == [.zero, .seconds(1), .seconds(2)])
  }

  @Test func `after it was called or taken back, nothing brings it again`() {
    var calls = 0
    let called = clock.callLater(.seconds(1)) { calls += 1 }
    clock.advance(by: .seconds(1))
    let cancelled = clock.callLater(.seconds(1)) { calls += 1 }
    cancelled.cancel()
    for call in [called, cancelled] {
      call.reset(.zero)
      call.delay(.zero)
      #expect(!call.isActive)
    }
    clock.advance(by: .seconds(5))
    #expect(calls == 1 && clock.delayedCalls.isEmpty)
  }

  @Test func `in its own callback it is called already`() {
    var call: DelayedCall?
    var calls = 0
    call = clock.callLater(.seconds(1)) {
      calls += 1
      #expect(call?.isActive == false)
      call?.reset(.zero)
      call?.delay(.seconds(1))
      call?.cancel()
    }
    clock.pump([.seconds(1), .seconds(5)])
    #expect(calls == 1)
    call = nil
  }

  /// What a callback does to a later call of the same turn.
  @Test(arguments: ["cancel", "reset", "delay", "reset to now", "reset, then cancel"])
  func `a callback decides about one that is due in the same turn`(way: String) {
    var seen: [String] = []
    var second: DelayedCall?
    clock.callLater(.seconds(1)) {
      switch way {
      case "cancel": second?.cancel()
      case "reset": second?.reset(.seconds(1))
      case "delay": second?.delay(.seconds(1))
      case "reset to now": second?.reset(.zero)
      default:
        second?.reset(.zero)
        second?.cancel()
      }
    }
    second = clock.callLater(.seconds(1)) { seen.append("second") }
    clock.callLater(.seconds(1)) { seen.append("third") }
    clock.advance(by: .seconds(1))
    switch way {
    case "cancel", "reset, then cancel": #expect(seen == ["third"] && second?.isActive == false)
    case "reset to now": #expect(seen == ["third", "second"])
    default:
      #expect(seen == ["third"] && second?.isActive == true)
      clock.advance(by: .seconds(1))
      #expect(seen == ["third", "second"])
    }
    second = nil
  }
}
