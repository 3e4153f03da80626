import SwirlDeferred
import SwirlEndpoints
import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct RequestClientTests {
  private let network = MemoryNetwork(seed: 11)
  private var reactor: Reactor { network.reactor }
  private final class Served {
    var peers: [Peer] = []
    var isEchoing = true
  }
  private let served = Served()

  private func listen() throws -> Listener {
    try reactor.listenTCP(80, interface: "server.test") { [served] _ in
      let peer = Peer(isEchoing: served.isEchoing)
      served.peers.append(peer)
      return peer
    }
  }

  private func makeClient(
    _ limits: RequestLimits = RequestLimits(), attempts: Int = .max
  ) -> RequestClient<EchoFormat> {
    let backoff = Backoff(attempts: attempts, firstDelay: .milliseconds(100), maximumDelay: .seconds(1))
    return RequestClient("server.test", 80, limits: limits, backoff: backoff, on: reactor) { EchoFormat() }
  }

  private func end(_ client: RequestClient<EchoFormat>, _ listener: Listener?) {
    client.abort()
    listener?.stop()
    reactor.run(for: .seconds(1))
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `the first request connects`() throws {
    let listener = try listen()
    let client = makeClient()
    let answers = ["a", "b"].map { client.send($0) }
    #expect(client.waitingCount == 2)
    reactor.run(for: .seconds(1))
    #expect(try answers.map { try successResult(of: $0) } == ["a", "b"])
    end(client, listener)
  }

  @Test func `what was sent fails when the connection is lost, the rest waits for the next`() throws {
    let listener = try listen()
    served.isEchoing = false
    let client = makeClient(RequestLimits(timeout: nil, window: 2))
    let answers = (0..<4).map { client.send("\($0)") }
    reactor.run(for: .seconds(1))
    #expect(client.underWayCount == 2 && client.waitingCount == 2)
    served.isEchoing = true
    network.reset("server.test")
    let during = client.send("during")
    reactor.run(for: .seconds(5))
    for answer in answers.prefix(2) {
      let error = try failureResult(of: answer, as: RequestError.self)
      #expect(error.code == .connectionLost && error.wasSent && error.cause is NetError)
    }
    #expect(try answers.suffix(2).map { try successResult(of: $0) } == ["2", "3"])
    #expect(try successResult(of: during) == "during")
    #expect(served.peers.map(\.lines) == [["0", "1"], ["2", "3", "during"]])
    end(client, listener)
  }

  @Test func `a request that finds no connection times out with the reason`() throws {
    let client = makeClient(RequestLimits(timeout: .seconds(3)))
    let answer = client.send("a")
    reactor.run(for: .seconds(4))
    let error = try failureResult(of: answer, as: RequestError.self)
    #expect(error.code == .timedOut && !error.wasSent && error.cause is NetError)
    #expect("\(error)".hasPrefix("request to server.test:80: no response came in time: "))
    end(client, nil)
  }

  @Test func `requests may fail at once where there is no connection`() throws {
    var limits = RequestLimits()
    limits.waitsForConnection = false
    let listener = try listen()
    let client = makeClient(limits)
    client.start()
    #expect(try failureResult(of: client.send("a"), as: RequestError.self).code == .notConnected)
    reactor.run(for: .seconds(1))
    let answer = client.send("b")
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: answer) == "b")
    network.reset("server.test")
    reactor.run(for: .milliseconds(1))
    #expect(try failureResult(of: client.send("c"), as: RequestError.self).wasSent == false)
    end(client, listener)
  }

  @Test func `it gives up, and starts again`() throws {
    let client = makeClient(attempts: 2)
    let answer = client.send("a")
    reactor.run(for: .seconds(10))
    #expect(try failureResult(of: answer, as: RequestError.self).code == .notConnected)
    #expect(try failureResult(of: client.send("b"), as: RequestError.self).code == .notConnected)
    let listener = try listen()
    client.start()
    let again = client.send("c")
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: again) == "c")
    end(client, listener)
  }

  @Test func `a connection is prepared before the requests that wait`() throws {
    let listener = try listen()
    let client = makeClient()
    client.prepare = { connection in connection.send("login").addCallback { _ in } }
    client.send("a").addErrback { _ in "" }
    reactor.run(for: .seconds(1))
    network.reset("server.test")
    reactor.run(for: .milliseconds(1))
    client.send("b").addErrback { _ in "" }
    reactor.run(for: .seconds(5))
    #expect(served.peers.map(\.lines) == [["login", "a"], ["login", "b"]])
    end(client, listener)
  }

  @Test func `a login that is refused counts as an attempt`() throws {
    let listener = try listen()
    let client = makeClient(attempts: 3)
    client.prepare = { connection in connection.send("error no").addCallback { _ in } }
    let answer = client.send("a")
    reactor.run(for: .seconds(30))
    let error = try failureResult(of: answer, as: RequestError.self)
    #expect(error.code == .notConnected && error.cause is Refused && served.peers.count == 3)
    end(client, listener)
  }

  @Test func `pushes of every connection arrive`() throws {
    let listener = try listen()
    let client = makeClient()
    var pushed: [String] = []
    client.onPush = { pushed.append($0) }
    client.start()
    reactor.run(for: .seconds(1))
    served.peers[0].answer("push one")
    reactor.run(for: .seconds(1))
    network.reset("server.test")
    reactor.run(for: .seconds(5))
    served.peers[1].answer("push two")
    reactor.run(for: .seconds(1))
    #expect(pushed == ["one", "two"])
    end(client, listener)
  }

  @Test func `close waits for all that was accepted, through a reconnect`() throws {
    let listener = try listen()
    served.isEchoing = false
    let client = makeClient(RequestLimits(timeout: .seconds(20), window: 1))
    let (first, second) = (client.send("a"), client.send("b"))
    reactor.run(for: .seconds(1))
    let closed = client.close()
    #expect(try failureResult(of: client.send("c"), as: RequestError.self).code == .closed)
    served.isEchoing = true
    network.reset("server.test")
    reactor.run(for: .seconds(5))
    #expect(try failureResult(of: first, as: RequestError.self).wasSent)
    #expect(try successResult(of: second) == "b")
    try successResult(of: closed)
    end(client, listener)
  }

  @Test func `close ends when the last request is cancelled or times out`() throws {
    let client = makeClient(RequestLimits(timeout: .seconds(3)))
    let (first, second) = (client.send("a"), client.send("b"))
    let closed = client.close()
    first.addErrback(CancelledError.self) { _ in "" }
    first.cancel()
    reactor.run(for: .seconds(1))
    expectNoResult(of: closed)
    reactor.run(for: .seconds(3))
    #expect(try failureResult(of: second, as: RequestError.self).code == .timedOut)
    try successResult(of: closed)
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `an endpoint names the server`() throws {
    let listener = try listen()
    let client = try RequestClient(to: "tcp:server.test:80", on: reactor) { EchoFormat() }
    let answer = client.send("a")
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: answer) == "a")
    client.close()
    listener.stop()
    #expect(throws: EndpointError.self) { try RequestClient(to: "tpc:x", on: reactor) { EchoFormat() } }
  }

  @Test func `ten thousand reconnects leave nothing open`() throws {
    let listener = try listen()
    let client = makeClient()
    client.steadyTime = .zero
    var answered = 0
    for number in 0..<10_000 {
      client.send("\(number)").addCallback { _ in answered += 1 }.addErrback { _ in }
      reactor.run(for: .milliseconds(250))
      network.reset("server.test")
      reactor.run(for: .milliseconds(1))
    }
    reactor.run(for: .seconds(2))
    #expect(answered > 9_000 && served.peers.count > 9_000)
    #expect(network.openSockets(of: 80).connected <= 1 && reactor.openHandles.count <= 4)
    end(client, listener)
  }

  @Test func `a reactor that is released releases the client`() throws {
    weak var weakClient: RequestClient<EchoFormat>?
    do {
      let network = MemoryNetwork(seed: 1)
      let client = RequestClient("server.test", 80, on: network.reactor) { EchoFormat() }
      client.send("a").addErrback { _ in "" }
      network.reactor.run(for: .seconds(2))
      weakClient = client
    }
    #expect(weakClient == nil)
  }

  @Test func `states are reported in their order, and a callback of a failure may start it again`() throws {
    let client = makeClient(attempts: 1)
    var states: [String] = []
    client.onStateChange = { states.append("\($0)".prefix { $0 != "(" }.description) }
    var listener: Listener?
    let answer = client.send("a").addErrback { _ in
      listener = try listen()
      client.start()
      return client.send("b")
    }
    reactor.run(for: .seconds(1))
    #expect(states == ["connecting", "failed", "connecting", "connected"])
    #expect(try successResult(of: answer) == "b")
    end(client, listener)
  }

  @Test(arguments: [false, true])
  func `abort ends a connection that is being prepared, or whose peer does not read`(isClosing: Bool) throws {
    let listener = try listen()
    let client = makeClient(RequestLimits(timeout: nil))
    let bytes = String(repeating: "x", count: 10_000_000)
    if !isClosing { client.prepare = { $0.send(bytes).addCallback { _ in }.addErrback { _ in } } }
    client.start()
    reactor.run(for: .seconds(1))
    served.peers[0].transport?.pauseReading()
    client.notify(bytes).addErrback { _ in }
    reactor.run(for: .seconds(1))
    let closed = client.close()
    reactor.run(for: .seconds(1))
    client.abort()
    served.peers[0].transport?.resumeReading()
    end(client, listener)
    try successResult(of: closed)
  }

  /// The processor time of this thread: a limit in real time counts what other suites take.
  private func threadSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec
  }

  @Test func `twenty thousand requests that wait time out one by one, in linear time`() throws {
    let began = threadSeconds()
    let client = makeClient(RequestLimits(timeout: .seconds(30)))
    var failed = 0
    for _ in 0..<20_000 {
      client.send("a").addCallback { _ in }.addErrback { _ in failed += 1 }
      reactor.run(for: .microseconds(100))
    }
    #expect(failed == 0)
    reactor.run(for: .seconds(29))
    #expect(failed > 9_000 && failed < 11_000)
    reactor.run(for: .seconds(2))
    #expect(failed == 20_000)
    // Less than a second; in quadratic time several minutes.
    #expect(threadSeconds() - began < 30)
    end(client, nil)
  }

  @Test func `time limits of different lengths are kept`() throws {
    let client = makeClient()
    var order: [Int] = []
    for seconds in [3, 1, 2] {
      client.send("a", timeout: .seconds(seconds)).addCallback { _ in }.addErrback { _ in order.append(seconds) }
    }
    reactor.run(for: .milliseconds(1001))
    #expect(order == [1])
    reactor.run(for: .seconds(2))
    #expect(order == [1, 2, 3])
    end(client, nil)
  }

  // MARK: - Pushes for async code

  @Test func `a loop gets the pushes of every connection, and ends with the client`() async throws {
    let listener = try listen()
    let client = makeClient()
    var pushes = client.pushes().makeAsyncIterator()
    client.start()
    reactor.run(for: .seconds(1))
    served.peers[0].answer("push one")
    reactor.run(for: .seconds(1))
    network.reset("server.test")
    reactor.run(for: .seconds(5))
    served.peers[1].answer("push two")
    reactor.run(for: .seconds(1))
    #expect(try await pushes.next() == "one")
    #expect(try await pushes.next() == "two")
    end(client, listener)
    #expect(try await pushes.next() == nil)
  }

  @Test func `a loop that is slow holds the connection up, also the next one`() async throws {
    let listener = try listen()
    let client = makeClient(RequestLimits(timeout: nil))
    client.start()
    reactor.run(for: .seconds(1))
    var pushes = client.pushes().makeAsyncIterator()
    for number in 0..<1100 { served.peers[0].answer("push \(number)") }
    reactor.run(for: .seconds(1))
    network.reset("server.test")
    // Without reading, a write shows that the connection is lost.
    client.notify("lost")
    reactor.run(for: .seconds(5))
    #expect(served.peers.count == 2)
    let answer: Deferred = client.send("a")
    reactor.run(for: .seconds(1))
    expectNoResult(of: answer)
    var taken = 0
    while taken < 1025, try await pushes.next() != nil { taken += 1 }
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: answer) == "a")
    end(client, listener)
  }

  @Test func `a loop throws when the client gives up, and a new receiver ends it`() async throws {
    let client = makeClient(attempts: 1)
    var pushes = client.pushes().makeAsyncIterator()
    client.start()
    reactor.run(for: .seconds(1))
    await #expect(throws: RequestError.self) { try await pushes.next() }
    var replaced = client.pushes().makeAsyncIterator()
    client.onPush = { _ in }
    #expect(try await replaced.next() == nil && client.onPush != nil)
    end(client, nil)
  }
}
