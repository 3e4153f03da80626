import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite struct AdoptSocketsTests {
  @Test func `a connected socket becomes a connection`() throws {
    try withReactor { reactor in
      let (near, far) = connectedPair()
      _ = fcntl(near, F_SETFL, 0)
      let recorder = Recorder { recorder in
        recorder.onData = { $0.transport?.close() }
        recorder.onLost = { _ in reactor.stop() }
      }
      try reactor.adopt(socket: near) { recorder }
      #expect(recorder.transport?.peerAddress?.port != nil)
      #expect(isNonBlocking(near) && fcntl(near, F_GETFD) & FD_CLOEXEC != 0)
      recorder.transport?.write("hello")
      far.send("and back")
      return {
        #expect(recorder.text == "and back")
        #expect(far.receive() == .success("hello"))
      }
    }
  }

  @Test func `wrong kinds are errors, and stay the caller's`() throws {
    let reactor = Reactor()
    let pipe = TestPipe()
    let listener = RawListener()
    let unconnected = Socket.stream(AF_INET)
    let datagrams = Socket.datagram(AF_INET)
    defer { [unconnected, datagrams].forEach(Socket.close) }
    let cases: [(Int32, String)] = [
      (pipe.reading, "no socket"), (listener.descriptor, "it listens"), (unconnected, "not connected"),
      (datagrams, "no stream socket"), (9998, "not open"),
    ]
    for (descriptor, words) in cases {
      let error = #expect(throws: NetError.self) { try reactor.adopt(socket: descriptor) { Recorder() } }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
      if descriptor != 9998 { #expect(fcntl(descriptor, F_GETFD) != -1) }
    }
    let stream = #expect(throws: NetError.self) { try reactor.adopt(datagrams: unconnected) }
    #expect(stream?.description.contains("stream socket") == true)
    #expect(throws: NetError.self) { try reactor.adopt(datagrams: pipe.reading) }
    #expect(throws: NetError.self) { try reactor.adopt(listening: unconnected) { _ in nil } }
  }

  @Test func `a listening socket becomes a listener`() throws {
    try withReactor { reactor in
      let socket = Socket.stream(AF_INET)
      _ = Socket.bind(socket, to: SocketAddress(ip: "127.0.0.1", port: 0)!)
      _ = Socket.listen(socket, 16)
      let listener = try reactor.adopt(listening: socket) { _ in
        Recorder { $0.onMade = { $0.write("welcome") } }
      }
      let client = Recorder { recorder in
        recorder.onData = { _ in reactor.stop() }
      }
      reactor.connectTCP("127.0.0.1", listener.localAddress.port) { client }
      return { #expect(client.text == "welcome") }
    }
  }

  @Test func `a datagram socket gets datagrams, and knows its peer`() throws {
    try withReactor { reactor in
      var pair: [Int32] = [-1, -1]
      #expect(socketpair(AF_UNIX, Socket.datagramType, 0, &pair) == 0)
      var text = ""
      try reactor.adopt(datagrams: pair[0]) { datagram, socket in
        text = datagram.text
        socket.close()
        reactor.stop()
      }
      send(pair[1], "by datagram")
      return {
        #expect(text == "by datagram")
        // Closed: its peer is refused.
        #expect(send(pair[1], "x") == -1)
        Socket.close(pair[1])
      }
    }
  }
}
