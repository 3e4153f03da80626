import SwirlDeferred
import Testing

// Programs as users write them: without annotations, `@Sendable` or `@unchecked`. The test is mostly that they compile,
// and quickly.

private func parse(_ text: String) throws -> Int {
  guard let number = Int(text) else { throw Boom("not a number: \(text)") }
  return number
}
private func load(_ number: Int) -> Deferred<String> { .succeed("page \(number)") }
private func fallback(_ error: any Error) -> String { "instead of \(error)" }

@Suite(.reported) struct NaturalProgramsTests {
  @Test func chainsOfSingleExpressions() {
    var seen: [String] = []
    let d = Deferred<String>()
    d.addCallback { try parse($0) }.addCallback { $0 * 2 }.addCallback { load($0) }.addCallback { $0.uppercased() }
      .addCallback { seen.append($0) }
      .addErrback { print($0) }
    d.callback("21")
    #expect(seen == ["PAGE 42"])
  }

  @Test func functionReferencesAsCallbacks() {
    var seen = ""
    Deferred.succeed("x").addCallback(parse).addCallback(load).addErrback(fallback).addCallback { seen = $0 }
    #expect(seen == "instead of not a number: x")
  }

  @Test func statements() {
    var seen: [String] = []
    let d = Deferred<Int>()
    d.addCallback { seen.append("one \($0)") }
    d.addCallback { number in
      let twice = number * 2
      seen.append("two \(twice)")
    }
    d.addErrback { error in
      seen.append("\(error)")
      return 0
    }
    d.callback(1)
    #expect(seen == ["one 1", "two 2"])
  }

  @Test func errbacksThatOnlyThrowOrRecover() {
    var seen: [String] = []
    Deferred<Int>.fail(Boom()).addErrback { _ in throw Boom("worse") }.addErrback { _ in 3 }
      .addCallback { seen.append("\($0)") }
    Deferred<Int>.fail(Boom()).addErrback { error in
      guard error is Boom else { throw error }
      return 4
    }.addCallback { seen.append("\($0)") }
    #expect(seen == ["3", "4"])
  }

  @Test func valuesAndDeferredsMixed() {
    var seen: [Int] = []
    let inner = Deferred<Int>()
    let sum = Deferred.succeed(1)
      .addCallback { $0 + 1 }
      .addCallback { number in inner.addCallback { $0 + number } }
    let scaled = sum.addCallbacks({ $0 * 10 }, { _ in 0 })
    scaled.addBoth { result in
      switch result {
      case .success(let number): seen.append(number)
      case .failure: seen.append(-1)
      }
    }
    inner.callback(3)
    #expect(seen == [50])
  }

  @Test func gatheredValuesByName() {
    var seen = ""
    gather(load(1), Deferred.succeed(2)).addCallback { page, number in seen = "\(page) \(number)" }
    #expect(seen == "page 1 2")
    gatherResults([1, 2].map { load($0) }).addCallback { pages in seen = pages.joined() }
    #expect(seen == "page 1page 2")
    race([load(1), Deferred<String>()]).addCallback { index, page in seen = "\(index) \(page)" }
    #expect(seen == "0 page 1")
  }

  @Test func aRecursiveLoop() {
    var pages: [String] = []
    func all(_ number: Int) -> Deferred<Int> {
      load(number).addCallback { page in
        pages.append(page)
        if number == 3 { return .succeed(number) }
        return all(number + 1)
      }
    }
    all(1).addCallback { pages.append("\($0)") }
    #expect(pages == ["page 1", "page 2", "page 3", "3"])
  }

  @Test func fromANonisolatedAsyncFunction() async throws {
    func pages() async throws -> String {
      let first = try await load(1).value
      let second = load(2).addCallback { $0.uppercased() }
      return try await first + second.value
    }
    #expect(try await pages() == "page 1PAGE 2")
  }
}

@MainActor private final class Client {
  var pages: [String] = []
  var onDone: (() -> Void)?

  func get() {
    load(1).addCallback { self.pages.append($0) }.addErrback { print($0) }
    load(2).addCallback(keep).addCallback { [weak self] in self?.onDone?() }
  }
  func keep(_ page: String) { pages.append(page) }
  func both() -> Deferred<Int> {
    Deferred {
      let first = try await load(3).value
      self.pages.append(first)
      return self.pages.count
    }
  }
}

@MainActor @Suite(.reported) struct NaturalMainActorTests {
  @Test func fromAMainActorClass() async throws {
    let client = Client()
    var isDone = false
    client.onDone = { isDone = true }
    client.get()
    #expect(client.pages == ["page 1", "page 2"] && isDone)
    #expect(try await client.both().value == 3)
  }
}

private actor Store {
  var pages: [String] = []
  func fill() async throws -> Int {
    load(1).addCallback { self.pages.append($0) }
    let page = try await load(2).addCallback { $0 + "!" }.value
    pages.append(page)
    return try await Deferred { self.pages.count }.value
  }
}

@Suite(.reported) struct NaturalActorTests {
  @Test func fromAnActor() async throws {
    #expect(try await Store().fill() == 2)
  }
}
