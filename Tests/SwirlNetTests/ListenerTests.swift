import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// Starts to connect to a listener, by plain system calls.
private func dial(_ listener: Listener, ip: String? = nil) -> RawSocket {
  let address = ip.map { SocketAddress(ip: $0, port: listener.localAddress.port)! } ?? listener.localAddress
  let socket = RawSocket(Socket.stream(address.domain))
  _ = Socket.connect(socket.descriptor, to: address)
  return socket
}

private let hasIPv6: Bool = {
  let descriptor = Socket.stream(AF_INET6)
  defer { Socket.close(descriptor) }
  return descriptor >= 0 && Socket.bind(descriptor, to: SocketAddress(ip: "::1", port: 0)!) == 0
}()

@Suite struct ListenerTests {
  @Test func `Port zero is a free port, which localAddress tells, on loopback by default`() throws {
    let reactor = Reactor()
    let listener = try reactor.listenTCP(0) { _ in nil }
    #expect(listener.localAddress.host == "127.0.0.1")
    #expect(listener.localAddress.port > 0)
    listener.stop()
    #expect(listener.localAddress.port > 0)
    #expect(!listener.isListening)
  }

  @Test(arguments: [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0")])
  func `The interface is an address`(interface: String, host: String) throws {
    let reactor = Reactor()
    #expect(try reactor.listenTCP(0, interface: interface) { _ in nil }.localAddress.host == host)
  }

  @Test(.enabled(if: hasIPv6), arguments: ["127.0.0.1", "::1"])
  func `The interface "" is all of them, and an IPv4 peer is shown as one`(ip: String) throws {
    try withReactor { reactor in
      var peers: [String?] = []
      let listener = try reactor.listenTCP(0, interface: "") { peer in
        peers.append(peer?.host)
        return Recorder {
          $0.onMade = {
            peers.append($0.localAddress?.host)
            reactor.stop()
          }
        }
      }
      #expect(listener.localAddress.family == .ipv6)
      let far = dial(listener, ip: ip)
      return { #expect(peers == [ip, ip] && far.descriptor >= 0) }
    }
  }

  @Test(arguments: [
    ("example.com", 0, "names are not looked up"), ("127.0.0.1", -1, "from 0 to 65535"),
    ("127.0.0.1", 65536, "from 0 to 65535"), ("192.0.2.1", 0, "no such address here"),
  ])
  func `What cannot be listened on is refused with the reason`(interface: String, port: Int, reason: String) {
    let reactor = Reactor()
    #expect { try reactor.listenTCP(port, interface: interface) { _ in nil } } throws: {
      "\($0)".hasPrefix("listen on \(interface):\(port): ") && "\($0)".contains(reason)
    }
  }

  @Test func `A port that is taken is refused, and free at once after stop()`() throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in Recorder { $0.onMade = { $0.close() } } }
      let port = Int(listener.localAddress.port)
      #expect { try reactor.listenTCP(port) { _ in nil } } throws: {
        "\($0)"
          == "listen on 127.0.0.1:\(port): address already in use: stop what listens there, or use port 0 for a free one"
      }
      // Our side closes first, so the port has a connection in TIME_WAIT.
      let far = dial(listener)
      reactor.callLater(.milliseconds(10)) {
        far.close()
        listener.stop()
        listener.stop()
        #expect((try? reactor.listenTCP(port) { _ in nil })?.localAddress == listener.localAddress)
        reactor.stop()
      }
      return {}
    }
  }

  @Test func `Accepted connections continue after stop(), and new ones are refused`() throws {
    try withReactor { reactor in
      let server = Recorder { $0.onLost = { _ in reactor.stop() } }
      let listener = try reactor.listenTCP(0) { _ in server }
      let far = dial(listener)
      var message = ""
      server.onMade = { _ in
        listener.stop()
        reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { Recorder() }.addCallback { _ in }
          .addErrback {
            message = "\($0)"
            far.send("still there")
            far.close()
          }
      }
      return {
        #expect(message.contains("refused"))
        #expect(server.text == "still there")
      }
    }
  }

  @Test func `A listener whose number was that of a descriptor closed while it was watched accepts`() throws {
    try withReactor { reactor in
      var ends: [Int32] = [-1, -1]
      _ = socketpair(AF_UNIX, Socket.streamType, 0, &ends)
      let number = dup2(ends[0], numberBelowLimit(80))
      try reactor.addReader(number) { Issue.record("the old one is closed") }
      let own = RawListener()
      dup2(own.descriptor, number)
      _ = fcntl(number, F_SETFL, O_NONBLOCK)
      let accepted = Recorder { $0.onMade = { _ in reactor.stop() } }
      let listener = Listener(StreamSocket(number), at: own.address, on: reactor) { _ in accepted }
      try listener.start()
      let far = own.connect()
      return {
        #expect(accepted.events == ["made"])
        for end in ends { Socket.close(end) }
        withExtendedLifetime((own, far)) {}
      }
    }
  }

  @Test func `A protocol may stop the listener that made it: no further connection is accepted`() throws {
    try withReactor { reactor in
      var made = 0
      var listener: Listener?
      listener = try reactor.listenTCP(0) { _ in
        made += 1
        listener?.stop()
        return nil
      }
      let far = (0..<5).map { _ in dial(listener!) }
      reactor.callLater(.milliseconds(10)) { reactor.stop() }
      return {
        listener = nil
        #expect(made == 1)
        withExtendedLifetime(far) {}
      }
    }
  }

  @Test func `While accepting is paused connections wait`() throws {
    try withReactor { reactor in
      var made = 0
      let listener = try reactor.listenTCP(0) { _ in
        made += 1
        reactor.stop()
        return nil
      }
      listener.pauseAccepting()
      let far = dial(listener)
      reactor.callLater(.milliseconds(10)) {
        #expect(made == 0)
        listener.resumeAccepting()
      }
      return { #expect(made == 1 && far.descriptor >= 0) }
    }
  }

  @Test func `With nil for a protocol the connection is closed`() throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in nil }
      let client = Recorder { $0.onLost = { _ in reactor.stop() } }
      reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port)) { client }
      return { #expect(client.events == ["made", "end", "lost"]) }
    }
  }

  @Test func `Three hundred connections at once are all accepted`() throws {
    try withReactor { reactor in
      var open = 0
      let listener = try reactor.listenTCP(0) { _ in
        Recorder {
          $0.onMade = { _ in
            open += 1
            if open == 300 { reactor.stop() }
          }
        }
      }
      let far = (0..<300).map { _ in dial(listener) }
      return { #expect(open == far.count) }
    }
  }

  @Test func `The reactor retains a listener that the program does not, and closes it when it is released`() {
    weak var listener: Listener?
    var port = 0
    do {
      let reactor = Reactor()
      listener = try? reactor.listenTCP(0) { _ in nil }
      #expect(listener != nil)
      port = listener?.localAddress.port ?? 0
    }
    #expect(listener == nil)
    let again = Socket.stream(AF_INET)
    #expect(Socket.bind(again, to: SocketAddress(ip: "127.0.0.1", port: port)!) == 0)
    Socket.close(again)
  }

  @Test(arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
  func `Without a free descriptor accepting pauses, and resumes by itself`(error: Int32) throws {
    try withReactor { reactor in
      var calls = 0
      let listener = try reactor.listenTCP(0) { _ in
        reactor.stop()
        return nil
      }
      listener.accept = {
        calls += 1
        if calls > 2 { return Socket.accept($0) }
        errno = error
        return (-1, nil)
      }
      let far = dial(listener)
      let start = reactor.now
      return {
        // Two failures, the connection, and the look for another one.
        #expect(calls == 4)
        #expect(reactor.now - start == Listener.retryDelay * 2)
        #expect(far.descriptor >= 0)
      }
    }
  }

  @Test func `While accepting rests it may be paused, resumed and stopped`() throws {
    try withReactor { reactor in
      var calls = 0
      let listener = try reactor.listenTCP(0) { _ in nil }
      listener.accept = { _ in
        calls += 1
        errno = EMFILE
        return (-1, nil)
      }
      let far = dial(listener)
      reactor.callLater(.milliseconds(10)) {
        listener.pauseAccepting()
        listener.resumeAccepting()
      }
      reactor.callLater(.milliseconds(20)) {
        #expect(calls == 1)
        listener.stop()
      }
      reactor.callLater(Listener.retryDelay * 2) { reactor.stop() }
      return { #expect(calls == 1 && far.descriptor >= 0) }
    }
  }

  @Test(arguments: [ECONNABORTED, EPROTO, EHOSTUNREACH, EINTR])
  func `A connection that went before it was accepted is passed over`(error: Int32) throws {
    try withReactor { reactor in
      var calls = 0
      let listener = try reactor.listenTCP(0) { _ in
        reactor.stop()
        return nil
      }
      listener.accept = {
        calls += 1
        if calls > 1 { return Socket.accept($0) }
        errno = error
        return (-1, nil)
      }
      let far = dial(listener)
      return { #expect(calls >= 2 && far.descriptor >= 0) }
    }
  }
}
