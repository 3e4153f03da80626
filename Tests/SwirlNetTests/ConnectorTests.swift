import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

private func connect(
  _ addresses: [SocketAddress], timeout: Duration? = nil, delay: Duration = .seconds(60), on reactor: Reactor
) -> Deferred<any ConnectedTransport> {
  connect(.known(addresses), timeout: timeout, delay: delay, on: reactor)
}

private func connect(
  _ addresses: Connector.Addresses, timeout: Duration? = nil, delay: Duration = .seconds(60), on reactor: Reactor
) -> Deferred<any ConnectedTransport> {
  Connector.deferred {
    Connector(
      to: Connector.Peer(host: "example.test", port: 80), addresses, timeout: timeout, attemptDelay: delay, on: reactor,
      $0)
  }
}

@Suite struct ConnectorTests {
  @Test(arguments: [
    (["::1", "::2", "127.0.0.1", "127.0.0.2"], ["::1", "127.0.0.1", "::2", "127.0.0.2"]),
    (["127.0.0.1", "127.0.0.2", "::1"], ["127.0.0.1", "::1", "127.0.0.2"]),
    (["::1", "::2", "::3", "127.0.0.1"], ["::1", "127.0.0.1", "::2", "::3"]),
    (["127.0.0.1"], ["127.0.0.1"]),
    ([], []),
  ])
  func `Families take turns, the resolver's preferred one first (RFC 8305 §4)`(given: [String], order: [String]) {
    #expect(given.map { SocketAddress(ip: $0, port: 1)! }.interleavingFamilies().map(\.host) == order)
  }

  @Test func `An address that does not answer is overtaken after the attempt delay (RFC 8305 §5)`() {
    withReactor(clock: .virtual()) { reactor in
      let hole = RawListener.blackHole(), listener = RawListener()
      let start = reactor.now
      var won: SocketAddress?
      connect([hole.address, listener.address], delay: .milliseconds(40), on: reactor).addCallback {
        won = $0.peerAddress
        #expect(reactor.now - start == .milliseconds(40))
        reactor.stop()
      }
      return { #expect(won == listener.address && hole.port != 0) }
    }
  }

  @Test func `Several addresses that do not answer are each given the delay`() {
    withReactor(clock: .virtual()) { reactor in
      let holes = [RawListener.blackHole(), RawListener.blackHole()], listener = RawListener()
      let start = reactor.now
      connect(holes.map(\.address) + [listener.address], delay: .milliseconds(20), on: reactor).addCallback { _ in
        #expect(reactor.now - start == .milliseconds(40))
        reactor.stop()
      }
      return { withExtendedLifetime((holes, listener)) {} }
    }
  }

  @Test func `When an address refuses, the next is tried at once`() {
    withReactor(clock: .virtual()) { reactor in
      let listener = RawListener()
      let refused = RawListener.closedPort()
      var won: SocketAddress?
      connect([refused, listener.address], delay: .seconds(60), on: reactor).addCallback {
        won = $0.peerAddress
        reactor.stop()
      }
      return { #expect(won == listener.address) }
    }
  }

  @Test func `The winner takes all: later addresses are not tried`() {
    withReactor(clock: .virtual()) { reactor in
      let first = RawListener(), second = RawListener()
      connect([first.address, second.address], delay: .milliseconds(10), on: reactor).addCallback { transport in
        reactor.callLater(.milliseconds(30)) {
          transport.close()
          reactor.stop()
        }
      }
      return {
        #expect(first.accept() != nil)
        #expect(second.accept() == nil)
      }
    }
  }

  @Test func `The error of one address has its reason`() {
    withReactor(clock: .virtual()) { reactor in
      let refused = RawListener.closedPort()
      var error: NetError?
      connect([refused], on: reactor).addCallback { _ in }.addErrback {
        error = $0 as? NetError
        reactor.stop()
      }
      return {
        #expect(error?.description == "connect to example.test:80: connection refused: nothing listens there")
        #expect(error?.errno == ECONNREFUSED)
      }
    }
  }

  @Test func `The error of several addresses has each reason, and a common one once`() {
    withReactor(clock: .virtual()) { reactor in
      let refused = [RawListener.closedPort(), RawListener.closedPort()]
      let unusable = SocketAddress(unixPath: "/nonexistent/socket")!
      var messages: [String] = []
      for addresses in [refused, [refused[0], unusable]] {
        connect(addresses, on: reactor).addCallback { _ in }.addErrback {
          messages.append("\($0)")
          if messages.count == 2 { reactor.stop() }
        }
      }
      let prefix = "connect to example.test:80: "
      let words = "connection refused: nothing listens there"
      return {
        #expect(messages.contains(prefix + words + " (tried \(refused[0]), \(refused[1]))"))
        #expect(messages.contains(prefix + "\(refused[0]): \(words); \(unusable): no such file or directory"))
      }
    }
  }

  @Test func `A timeout while connecting names the peer and the time`() {
    withReactor(clock: .virtual()) { reactor in
      let hole = RawListener.blackHole()
      let refused = RawListener.closedPort()
      var error: NetError?
      connect([refused, hole.address], timeout: .milliseconds(30), on: reactor).addCallback { _ in }.addErrback {
        error = $0 as? NetError
        reactor.stop()
      }
      return {
        #expect(
          error?.description == """
            connect to example.test:80: no answer within 0.03 seconds; \
            \(refused): connection refused: nothing listens there
            """)
        #expect(error?.errno == ETIMEDOUT && hole.port != 0)
      }
    }
  }

  @Test func `A timeout while resolving says so, and cancels the question`() {
    withReactor(clock: .virtual()) { reactor in
      var isCancelled = false
      var message = ""
      let question = Deferred<[SocketAddress]>(canceller: { _ in isCancelled = true })
      connect(.asked(question), timeout: .milliseconds(10), on: reactor)
        .addCallback { _ in }.addErrback {
          message = "\($0)"
          reactor.stop()
        }
      return {
        #expect(message == "connect to example.test:80: the name was not resolved within 0.01 seconds")
        #expect(isCancelled && question.isFired)
      }
    }
  }

  @Test func `A name that cannot be resolved fails with what the resolver says`() {
    withReactor(clock: .virtual()) { reactor in
      var message = ""
      let question = Deferred<[SocketAddress]>.fail(NetError(.resolve, "x", reason: "no such name"))
      connect(.asked(question), timeout: .seconds(9), on: reactor).addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      return { #expect(message == "resolve x: no such name") }
    }
  }

  @Test func `An empty list of addresses fails, but never before the call has returned`() {
    withReactor(clock: .virtual()) { reactor in
      var message = ""
      connect([], on: reactor).addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      #expect(message == "")
      return { #expect(message == "connect to example.test:80: there is no address to connect to") }
    }
  }

  @Test(arguments: ["resolving", "connecting", "between attempts"])
  func `Cancelling ends it at every step, and nothing comes after`(step: String) {
    withReactor(clock: .virtual()) { reactor in
      let holes = [RawListener.blackHole(), RawListener.blackHole(), RawListener.blackHole()]
      var isQuestionCancelled = false
      let question = Deferred<[SocketAddress]>(canceller: { _ in isQuestionCancelled = true })
      let connecting = connect(
        .asked(question), timeout: .milliseconds(60), delay: .milliseconds(20), on: reactor)
      var outcomes: [String] = []
      connecting.addCallback { _ in outcomes.append("connected") }.addErrback { outcomes.append("\($0)") }
      if step != "resolving" { question.callback(holes.map(\.address)) }
      reactor.callLater(step == "between attempts" ? .milliseconds(30) : .zero) {
        connecting.cancel()
        #expect(outcomes == ["CancellationError()"])
      }
      reactor.callLater(.milliseconds(90)) { reactor.stop() }
      return {
        #expect(outcomes == ["CancellationError()"])
        #expect(isQuestionCancelled == (step == "resolving"))
        #expect(question.isFired)
        #expect(reactor.delayedCalls.isEmpty)
        withExtendedLifetime(holes) {}
      }
    }
  }

  @Test func `No descriptor is left behind by winners, losers, timeouts, cancellations or a reactor that is released`()
    async
  {
    await #expect(processExitsWith: .success) {
      let before = openSockets()
      for step in 0..<5 {
        let reactor = Reactor()
        let hole = RawListener.blackHole(), listener = RawListener()
        let addresses = step == 0 ? [hole.address, listener.address] : [hole.address, hole.address]
        let connecting = connect(
          addresses, timeout: step == 1 ? .milliseconds(20) : nil, delay: .milliseconds(5), on: reactor)
        connecting.addBoth { [unowned reactor] _ in reactor.stop() }
        if step == 2 { reactor.callLater(.milliseconds(10)) { connecting.cancel() } }
        if step == 3 { reactor.callLater(.milliseconds(10)) { [unowned reactor] in reactor.stop() } }
        if step == 4 { reactor.stop() }
        reactor.run()
      }
      precondition(openSockets() == before, "\(openSockets()) open, not \(before)")
    }
  }
}
