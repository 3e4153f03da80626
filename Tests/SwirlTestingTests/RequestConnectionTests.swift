import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct RequestConnectionTests {
  private func requestError<Value>(of deferred: Deferred<Value>) throws -> RequestError {
    try failureResult(of: deferred, as: RequestError.self)
  }

  @Test func `requests are sent together, and answered in their order`() throws {
    let bench = RequestBench(EchoFormat(), delivery: .bytes)
    let answers = ["a", "b", "c"].map { bench.connection.send($0) }
    bench.run()
    #expect(bench.peer.lines == ["a", "b", "c"] && bench.connection.underWayCount == 3)
    for answer in answers { expectNoResult(of: answer) }
    bench.peer.answer("1", "2+", "2", "error 3")
    bench.run()
    #expect(try successResult(of: answers[0]) == "1" && successResult(of: answers[1]) == "22")
    _ = try failureResult(of: answers[2], as: Refused.self)
    #expect(bench.connection.underWayCount == 0)
  }

  @Test func `requests made before the connection wait for it`() throws {
    let bench = RequestBench(EchoFormat(), isEchoing: true, isStarted: false)
    let answers = (0..<5).map { bench.connection.send("\($0)") }
    #expect(bench.connection.waitingCount == 5)
    bench.start()
    bench.run()
    #expect(try answers.map { try successResult(of: $0) } == ["0", "1", "2", "3", "4"])
  }

  @Test func `a cancelled request that was sent swallows its answer, and no other request gets that`() throws {
    let bench = RequestBench(EchoFormat())
    let secret = bench.connection.send("secret")
    bench.run()
    secret.addErrback(CancelledError.self) { _ in "cancelled" }
    secret.cancel()
    let next = bench.connection.send("next")
    bench.peer.answer("the secret", "what is next")
    bench.run()
    #expect(try successResult(of: next) == "what is next")
  }

  @Test func `a cancelled request that was not sent never is`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let answers = ["a", "b", "c"].map { bench.connection.send($0) }
    answers[1].addErrback(CancelledError.self) { _ in "cancelled" }
    answers[1].cancel()
    #expect(bench.connection.waitingCount == 1)
    bench.peer.isEchoing = true
    bench.run()
    #expect(bench.peer.lines == ["a", "c"])
    #expect(try successResult(of: answers[0]) == "a" && successResult(of: answers[2]) == "c")
  }

  @Test func `at most a window is under way, and one more than may wait fails`() throws {
    var limits = RequestLimits(timeout: nil, window: 2)
    limits.maximumWaiting = 3
    let bench = RequestBench(EchoFormat(), limits)
    let answers = (0..<6).map { bench.connection.send("\($0)") }
    let error = try requestError(of: answers[5])
    #expect(error.code == .queueFull && !error.wasSent)
    bench.run()
    #expect(bench.peer.lines == ["0", "1"] && bench.connection.waitingCount == 3)
    bench.peer.answer("x")
    bench.run()
    #expect(bench.peer.lines == ["0", "1", "2"])
    answers[3].addErrback(CancelledError.self) { _ in "cancelled" }
    answers[3].cancel()
    bench.connection.send("6").addErrback { _ in "" }
    #expect(bench.connection.waitingCount == 2)
    bench.peer.isEchoing = true
    bench.peer.answer("y", "z")
    bench.run()
    #expect(bench.peer.lines == ["0", "1", "2", "4", "6"])
    #expect(try successResult(of: answers[2]) == "z" && successResult(of: answers[4]) == "4")
  }

  @Test func `a message that answers none is delivered apart`() throws {
    let bench = RequestBench(EchoFormat())
    var pushed: [String] = []
    bench.connection.onPush = { pushed.append($0) }
    let answer = bench.connection.send("a")
    bench.run()
    bench.peer.answer("push one", "A", "push two")
    bench.run()
    #expect(try successResult(of: answer) == "A" && pushed == ["one", "two"])
  }

  @Test(arguments: ["extra", "junk", "push 1\nextra", String(repeating: "x", count: 65)])
  func `what answers no request, or is no message, ends the connection`(_ line: String) throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let first = bench.connection.send("a")
    bench.run()
    bench.peer.answer("A")
    bench.run()
    bench.peer.answer(line)
    bench.run()
    #expect(try successResult(of: first) == "A" && bench.peer.ends.count == 1)
    #expect(try requestError(of: bench.connection.send("b")).code == .notConnected)
  }

  @Test func `requests under way fail with what ended the connection, and what is known of them`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let (sent, waiting) = (bench.connection.send("a"), bench.connection.send("b"))
    bench.run()
    bench.peer.answer("junk")
    bench.run()
    let errors = try [requestError(of: sent), requestError(of: waiting)]
    #expect(errors.map(\.wasSent) == [true, false] && errors.allSatisfy { $0.code == .connectionLost })
    #expect((errors[0].cause as? RequestError)?.code == .invalidMessage)
    #expect("\(errors[0])".hasPrefix("request to 192.0.2.2:80: the connection ended before its response"))
  }

  @Test func `a request in the send buffer was never sent`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil), bufferSize: 8)
    bench.peer.pause()
    let answers = ["aaa", "bbb", "ccc", "ddd"].map { bench.connection.send($0) }
    bench.run()
    bench.connection.abort()
    let errors = try answers.map { try requestError(of: $0) }
    #expect(errors.allSatisfy { $0.code == .closed })
    // Eight bytes have left, or were taken by the peer's side, whose buffer is as small.
    let unsent = try #require(errors.firstIndex { !$0.wasSent })
    #expect(unsent >= 2 && errors[unsent...].allSatisfy { !$0.wasSent })
  }

  @Test func `requests wait while the peer does not read`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil), bufferSize: 1024)
    bench.peer.pause()
    let long = String(repeating: "x", count: 40_000)
    let answers = (0..<20).map { _ in bench.connection.send(long) }
    bench.run()
    #expect(bench.connection.waitingCount >= 15)
    bench.connection.abort()
    let errors = try answers.map { try requestError(of: $0) }
    #expect(errors.first?.wasSent == true && errors.count { !$0.wasSent } >= 15)
  }

  @Test func `a request that the format refuses fails alone`() throws {
    let bench = RequestBench(EchoFormat(), isEchoing: true)
    let answers = ["a", "refused", "b"].map { bench.connection.send($0) }
    bench.run()
    _ = try failureResult(of: answers[1], as: Refused.self)
    #expect(try bench.peer.lines == ["a", "b"] && successResult(of: answers[2]) == "b")
  }

  @Test func `a timeout ends a connection whose peer is silent`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: .seconds(2)))
    let first = bench.connection.send("a")
    bench.run(.seconds(1))
    let second = bench.connection.send("b")
    bench.run(.seconds(2))
    let (late, behind) = try (requestError(of: first), requestError(of: second))
    #expect(late.code == .timedOut && late.wasSent)
    #expect(behind.code == .connectionLost && (behind.cause as? RequestError)?.code == .timedOut)
    #expect(bench.peer.ends.count == 1)
  }

  @Test func `a timeout while the peer sends something drops only the late answer`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: .seconds(2)))
    let first = bench.connection.send("a")
    let patient = bench.connection.send("b", timeout: .seconds(60))
    bench.run(.seconds(1))
    bench.peer.answer("push alive")
    bench.run(.seconds(2))
    #expect(try requestError(of: first).code == .timedOut)
    bench.peer.answer("late A", "B")
    bench.run()
    #expect(try successResult(of: patient) == "B" && bench.peer.ends.isEmpty)
  }

  @Test func `a silent connection may stay`() throws {
    var limits = RequestLimits(timeout: .seconds(2))
    limits.endsSilentConnections = false
    let bench = RequestBench(EchoFormat(), limits)
    let first = bench.connection.send("a")
    bench.run(.seconds(3))
    #expect(try requestError(of: first).code == .timedOut)
    let second = bench.connection.send("b")
    bench.peer.answer("late", "B")
    bench.run()
    #expect(try successResult(of: second) == "B")
  }

  @Test func `a window full of requests that timed out ends the connection`() throws {
    var limits = RequestLimits(timeout: .seconds(1), window: 3)
    limits.endsSilentConnections = false
    let bench = RequestBench(EchoFormat(), limits)
    let answers = (0..<4).map { bench.connection.send("\($0)", timeout: $0 == 3 ? .seconds(9) : nil) }
    bench.run(.seconds(2))
    #expect(try answers.prefix(3).allSatisfy { try requestError(of: $0).code == .timedOut })
    #expect(try requestError(of: answers[3]).wasSent == false && bench.peer.ends.count == 1)
  }

  @Test func `a request may time out while it waits`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let first = bench.connection.send("a")
    let second = bench.connection.send("b", timeout: .seconds(1))
    bench.run(.seconds(2))
    let error = try requestError(of: second)
    #expect(error.code == .timedOut && !error.wasSent)
    bench.peer.answer("A")
    bench.run()
    #expect(try successResult(of: first) == "A" && bench.peer.lines == ["a"])
  }

  @Test func `a notification is sent in its place, and has no answer`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let first = bench.connection.send("a")
    let sent = bench.connection.notify("n")
    let last = bench.connection.send("b")
    expectNoResult(of: sent)
    bench.run()
    bench.peer.answer("A")
    bench.run()
    try successResult(of: sent)
    #expect(bench.peer.lines == ["a", "n", "b"])
    bench.peer.answer("B")
    bench.run()
    #expect(try successResult(of: first) == "A" && successResult(of: last) == "B")
  }

  @Test func `close waits for what is under way, abort does not`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 1))
    let answers = ["a", "b"].map { bench.connection.send($0) }
    let closed = bench.connection.close()
    let refused = bench.connection.send("c")
    #expect(try requestError(of: refused).code == .closed)
    bench.peer.isEchoing = true
    bench.run()
    #expect(try answers.map { try successResult(of: $0) } == ["a", "b"])
    try successResult(of: closed)
    bench.run()
    #expect(bench.peer.ends.map(\.code) == [.closed])
    let other = RequestBench(EchoFormat())
    let answer = other.connection.send("a")
    other.connection.close()
    answer.addErrback(CancelledError.self) { _ in "" }
    answer.cancel()
    other.run()
    #expect(other.peer.ends.count == 1)
  }

  @Test func `callbacks may send, cancel, close and abort`() throws {
    let bench = RequestBench(EchoFormat(), RequestLimits(timeout: nil, window: 2), isEchoing: true)
    let connection = bench.connection
    var log: [String] = []
    let last = connection.send("last")
    for number in 0..<3 {
      connection.send("\(number)").addBoth { result in
        log.append((try? result.get()) ?? "\(number) failed")
        connection.send("again \(number)").addBoth { result in log.append((try? result.get()) ?? "failed") }
        if number == 1 { last.cancel() }
        if number == 2 { connection.abort() }
      }
    }
    last.addBoth { _ in connection.send("nested").addBoth { _ in connection.close() } }
    bench.run()
    #expect(log.prefix(3) == ["0", "1", "2"] && log.count == 6)
    #expect(bench.peer.ends.count == 1)
    withExtendedLifetime(bench) {}
  }

  @Test func `the forms with a callback and with await do the same`() async throws {
    let bench = RequestBench(EchoFormat(), isEchoing: true)
    var got: [String] = []
    bench.connection.send("a") { result in got.append(try result.get()) }
    let cancelled = bench.connection.send("b") { result in
      if case .failure(let error) = result { got.append("\(error)") }
    }
    cancelled.cancel()
    bench.run()
    #expect(got == ["CancellationError()", "a"])
  }
}
