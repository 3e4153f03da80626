import SwirlDeferred
import Testing

@Suite(.reported) struct GatherByKeyTests {
  let log = Log()

  private func sorted(_ all: Deferred<[String: Int]>) -> Deferred<String> {
    all.addCallback { $0.sorted { $0.key < $1.key }.map { "\($0.key)\($0.value)" }.joined(separator: " ") }
  }

  @Test func itGivesTheValuesByTheirKeys() {
    let (a, b) = (Deferred<Int>(), Deferred<Int>())
    sorted(gather(["a": a, "b": b, "c": .succeed(3)])).noteEnd("all", in: log)
    b.callback(2)
    #expect(log.lines == [])
    a.callback(1)
    #expect(log.lines == ["all=a1 b2 c3"])
    sorted(gather([:])).noteEnd("empty", in: log)
    #expect(log.lines.last == "empty=")
  }

  @Test func itFailsWithTheFirstErrorAndSilencesTheOthers() {
    let (a, b) = (Deferred<Int>(), Deferred<Int>())
    sorted(gather(["a": a, "b": b])).noteEnd("all", in: log)
    b.errback(Boom("b"))
    a.errback(Boom("a"))
    #expect(log.lines == ["all!b"])
  }

  @Test func cancellingItCancelsAll() {
    let members = [1, 2, 3].map { index in Deferred<Int>(canceller: { [log] _ in log("stop \(index)") }) }
    let all: Deferred<[Int: Int]> = gather(Dictionary(uniqueKeysWithValues: zip(1...3, members)))
    all.noteEnd("all", in: log)
    all.cancel()
    #expect(log.lines.filter { $0.hasPrefix("stop") }.sorted() == ["stop 1", "stop 2", "stop 3"])
    #expect(log.lines.filter { $0.hasPrefix("all") } == ["all!CancellationError()"])
    withExtendedLifetime(members) {}
  }

  @Test func itIsAwaited() async throws {
    let all = try await gather(["a": Deferred.succeed(1), "b": Deferred.succeed(2)])
    #expect(all == ["a": 1, "b": 2])
  }
}
