import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite struct ConnectTCPTests {
  @Test(arguments: ["127.0.0.1", "localhost", "example.test"])
  func `A connection goes from connectionMade through bytes both ways to connectionLost`(host: String) throws {
    try withReactor { reactor in
      reactor.resolver.lookup = { name in
        .succeed(name == "localhost" ? ["::1", "127.0.0.1"].map { SocketAddress(ip: $0, port: 0)! } : [loopback])
      }
      let server = Recorder { $0.onData = { $0.transport?.write("[\($0.text)]") } }
      let listener = try reactor.listenTCP(0) { _ in server }
      let client = Recorder {
        $0.onMade = { $0.write("hello") }
        $0.onData = { if $0.text == "[hello]" { $0.transport?.close() } }
      }
      server.onLost = { _ in reactor.stop() }
      var fired: [String] = []
      reactor.connectTCP(host, Int(listener.localAddress.port)) { client }.addCallback {
        #expect($0 === client)
        fired = client.events
      }
      #expect(client.events.isEmpty, "nothing is called before connectTCP returns")
      return {
        #expect(fired == ["made"], "the Deferred fires after connectionMade")
        #expect(client.events == ["made", "data", "lost"])
        #expect(server.events == ["made", "data", "end", "lost"])
        #expect(client.end?.code == .closed && server.end?.code == .closed)
      }
    }
  }

  @Test func `A refused connection says where and what`() {
    withReactor { reactor in
      let refused = RawListener.closedPort()
      var message = ""
      reactor.connectTCP("127.0.0.1", Int(refused.port)) { Recorder() }.addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      return { #expect(message == "connect to \(refused): connection refused: nothing listens there") }
    }
  }

  @Test func `makeProtocol is not called for a connection that failed or was cancelled`() {
    withReactor { reactor in
      var made = 0
      let hole = RawListener.blackHole()
      let cancelled = reactor.connectTCP("127.0.0.1", hole.port) { () -> Recorder in
        made += 1
        return Recorder()
      }
      var outcome = ""
      cancelled.addCallback { _ in }.addErrback {
        outcome = "\($0)"
        reactor.callLater(.milliseconds(5)) { reactor.stop() }
      }
      reactor.callLater(.milliseconds(5)) { cancelled.cancel() }
      return {
        #expect(outcome == "CancellationError()")
        #expect(made == 0 && hole.port != 0)
      }
    }
  }

  @Test(arguments: [-1, 0, 65536])
  func `A port that cannot be is refused`(port: Int) {
    withReactor { reactor in
      var message = ""
      reactor.connectTCP("::1", port) { Recorder() }.addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      return { #expect(message == "connect to [::1]:\(port): a port to connect to is a number from 1 to 65535") }
    }
  }

  @Test func `Small writes are not held back: TCP_NODELAY is on at both ends`() throws {
    try withReactor { reactor in
      var options: [Int32] = []
      func look(_ transport: any Transport) {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt((transport as! SocketTransport).socket.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length)
        options.append(value)
        if options.count == 2 { reactor.stop() }
      }
      let listener = try reactor.listenTCP(0) { _ in Recorder { $0.onMade = look } }
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { Recorder { $0.onMade = look } }
      return { #expect(options.count == 2 && !options.contains(0)) }
    }
  }

  @Test func `A transport that is never started is closed when it is released`() {
    withReactor { reactor in
      let listener = RawListener()
      reactor.connectTCP(host: "127.0.0.1", port: listener.port, timeout: nil).addCallback { transport in
        #expect(transport.peerAddress == listener.address)
        reactor.callSoon { reactor.stop() }
      }
      return {
        let far = listener.accept()
        #expect(far?.receive(wait: false) == .success(""))
      }
    }
  }
}

let loopback = SocketAddress(ip: "127.0.0.1", port: 0)!

@Suite struct AbandonedConnectTests {
  @Test(arguments: [-1, 1]) func `A connect that fails at once goes with a reactor that never runs`(port: Int) {
    weak var gone: Reactor?
    do {
      let reactor = Reactor()
      gone = reactor
      reactor.connectTCP("::1", port) { Recorder() }.addErrback { throw $0 }.addCallback { _ in }
    }
    #expect(gone == nil)
  }
}
