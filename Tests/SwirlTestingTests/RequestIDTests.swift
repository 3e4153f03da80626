import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct RequestIDTests {
  @Test func `answers are matched by their ids, in any order`() throws {
    let bench = RequestBench(NumberedFormat())
    let answers = ["a", "b", "c"].map { bench.connection.send($0) }
    bench.run()
    #expect(bench.peer.lines == ["1 a", "2 b", "3 c"])
    bench.peer.answer("3 C", "* news", "1 A", "2 B")
    bench.run()
    #expect(try answers.map { try successResult(of: $0) } == ["A", "B", "C"])
  }

  @Test(arguments: ["4 unknown", "1 twice", "0 none", "-7 none", "99999999 none"])
  func `an answer without a request ends the connection`(_ line: String) throws {
    let bench = RequestBench(NumberedFormat())
    let first = bench.connection.send("a")
    let second = bench.connection.send("b")
    bench.run()
    bench.peer.answer("1 A", line)
    bench.run()
    #expect(try successResult(of: first) == "A")
    let error = try failureResult(of: second, as: RequestError.self)
    #expect((error.cause as? RequestError)?.code == .unexpectedResponse && error.wasSent)
  }

  @Test func `a late answer is dropped, once`() throws {
    let bench = RequestBench(NumberedFormat(), RequestLimits(timeout: nil))
    let cancelled = bench.connection.send("a")
    cancelled.addErrback(CancelledError.self) { _ in "" }
    bench.run()
    cancelled.cancel()
    let next = bench.connection.send("b")
    bench.run()
    bench.peer.answer("1 A", "2 B")
    bench.run()
    #expect(try successResult(of: next) == "B")
    let third = bench.connection.send("c")
    bench.peer.answer("1 A")
    bench.run()
    _ = try failureResult(of: third, as: RequestError.self)
  }

  @Test func `cancelled requests leave the window, and too many without an answer end the connection`() throws {
    let bench = RequestBench(NumberedFormat(), RequestLimits(timeout: nil, window: 2))
    for _ in 0..<17 {
      let cancelled = bench.connection.send("x")
      cancelled.addErrback(CancelledError.self) { _ in "" }
      cancelled.cancel()
    }
    bench.run()
    #expect(bench.peer.lines.count == 17 && bench.peer.ends.isEmpty)
    let answers = (0..<4).map { bench.connection.send("\($0)") }
    for answer in answers {
      answer.addErrback { _ in "" }
      answer.cancel()
    }
    bench.connection.send("y").addErrback { _ in "" }
    bench.run()
    #expect(bench.peer.ends.count == 1)
  }

  @Test func `an id is not given again while its answer is missing`() throws {
    var format = NumberedFormat()
    format.ids = 0...3
    let bench = RequestBench(format, RequestLimits(timeout: nil, window: 4))
    let slow = bench.connection.send("slow")
    bench.run()
    bench.peer.onLine = { peer, line in if !line.hasSuffix("slow") { peer.answer(line) } }
    for number in 0..<20 {
      let answer = bench.connection.send("\(number)")
      bench.run()
      #expect(try successResult(of: answer) == "\(number)")
    }
    #expect(bench.peer.lines.filter { $0.hasPrefix("0 ") } == ["0 slow"])
    bench.peer.answer("0 done")
    bench.run()
    #expect(try successResult(of: slow) == "done")
  }

  /// Random requests, cancellations, timeouts and pushes; answers in random pieces, in order or by id in any order.
  @Test(arguments: 0..<40) func `no request ever gets another's answer`(_ seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var limits = RequestLimits(timeout: .milliseconds(40), window: Int.random(in: 1...9, using: &random))
    limits.endsSilentConnections = false
    if seed.isMultiple(of: 2) {
      try exercise(RequestBench(EchoFormat(), limits, delivery: .bytes), isOrdered: true, &random)
    } else {
      try exercise(RequestBench(NumberedFormat(), limits), isOrdered: false, &random)
    }
  }

  private func exercise<Format: RequestFormat>(
    _ bench: RequestBench<Format>, isOrdered: Bool, _ random: inout SeededGenerator
  ) throws where Format.Request == String, Format.Response == String {
    var pending: [String] = []
    var results: [String: String] = [:]
    var sent: [Deferred<String>] = []
    bench.peer.onLine = { _, line in pending.append(line) }
    for number in 0..<400 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let request = bench.connection.send("r\(number)", timeout: number.isMultiple(of: 3) ? .seconds(9) : nil)
        request.addBoth { result in results["r\(number)"] = (try? result.get()) ?? "-" }
        sent.append(request)
      case 5..<6: sent.randomElement(using: &random)?.cancel()
      case 6..<7: bench.peer.answer(isOrdered ? "push p" : "* p")
      case 7..<9:
        for _ in 0..<Int.random(in: 0...4, using: &random) where !pending.isEmpty {
          let index = isOrdered ? 0 : Int.random(in: pending.indices, using: &random)
          bench.peer.answer(pending.remove(at: index))
        }
      default: bench.run(.milliseconds(Int.random(in: 0...20, using: &random)))
      }
    }
    // A window that is full of requests that timed out ends it, rightly.
    for _ in 0..<1000 where bench.connection.underWayCount + bench.connection.waitingCount > 0 {
      while !pending.isEmpty { bench.peer.answer(pending.removeFirst()) }
      bench.run(.milliseconds(5))
    }
    #expect(results.count == sent.count)
    for (request, result) in results { #expect(result == request || result == "-") }
    #expect(results.contains { $0.key == $0.value } || !bench.peer.ends.isEmpty)
  }
}
