import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite(.timeLimit(.minutes(10))) struct UnixDatagramTests {
  private let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max)).sock"

  @Test func `A socket at a path answers, and its file ends with it`() throws {
    try withReactor { reactor in
      var answers: [String] = []
      let server = try reactor.listenUnixDatagrams(path) { datagram, socket in
        socket.reply(to: datagram, datagram.text + "!")
      }
      #expect(server.localAddress.host == path && access(path, F_OK) == 0)
      let client = try reactor.connectUnixDatagrams(path) { datagram, client in
        answers.append(datagram.text)
        client.close()
        server.close()
        reactor.stop()
      }
      client.send("one")
      return {
        #expect(answers == ["one!"])
        #expect(access(path, F_OK) != 0)
      }
    }
  }

  @Test func `A stale file is replaced, a socket in use is not`() throws {
    let descriptor = Socket.datagram(AF_UNIX)
    #expect(Socket.bind(descriptor, to: SocketAddress(unixPath: path)!) == 0)
    let reactor = Reactor()
    let error = #expect(throws: NetError.self) { try reactor.listenUnixDatagrams(path) { _, _ in } }
    #expect(error?.errno == EADDRINUSE)
    Socket.close(descriptor)
    let socket = try reactor.listenUnixDatagrams(path) { _, _ in }
    socket.close()
    #expect(access(path, F_OK) != 0)
  }

  @Test func `A peer that reads nothing fills the queue, and closing ends all the same`() throws {
    try withReactor { reactor in
      let descriptor = Socket.datagram(AF_UNIX)
      defer { unlink(path) }
      #expect(Socket.bind(descriptor, to: SocketAddress(unixPath: path)!) == 0)
      let client = try reactor.connectUnixDatagrams(path)
      for _ in 0..<1000 { client.send([UInt8](repeating: 1, count: 500)) }
      var isDrained: Bool?
      client.drained().addCallback { isDrained = true }.addErrback { _ in isDrained = false }
      client.close()
      reactor.callLater(.seconds(6)) { reactor.stop() }
      return {
        Socket.close(descriptor)
        #expect(isDrained == false)
        #expect(client.counts.unsent > 0 && client.counts.sent + client.counts.unsent == 1000)
        #expect(reactor.handles.count == 0)
      }
    }
  }

  @Test func `What an error callback sends before it closes the socket is sent`() throws {
    try withReactor { reactor in
      let descriptor = Socket.datagram(AF_UNIX)
      defer { unlink(path) }
      #expect(Socket.bind(descriptor, to: SocketAddress(unixPath: path)!) == 0)
      let client = try reactor.connectUnixDatagrams(path)
      var taken = 0
      // The peer begins to read when more waits than the kernel takes.
      let far = reactor.fileEvent(descriptor, .read) {
        var bytes = [UInt8](repeating: 0, count: 1000)
        while recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 { taken += 1 }
        if taken == 1000 { reactor.stop() }
      }
      var isDrained: Bool?
      client.onError = { error in
        #expect(error.errno == EMSGSIZE)
        for _ in 0..<1000 { client.send([UInt8](repeating: 1, count: 500)) }
        client.drained().addCallback { isDrained = client.counts.sent == 1000 }.addErrback { _ in isDrained = false }
        client.close()
        #expect(client.queuedBytes > 0)
        far.enable()
      }
      client.send([UInt8](repeating: 1, count: 900_000))
      reactor.callLater(.seconds(20)) { reactor.stop() }
      return {
        far.close()
        Socket.close(descriptor)
        #expect(taken == 1000 && client.counts.sent == 1000 && client.counts.unsent == 0)
        #expect(isDrained == true)
        #expect(reactor.handles.count == 0)
      }
    }
  }

  @Test func `A path that no socket has is an error at once`() throws {
    let reactor = Reactor()
    let error = #expect(throws: NetError.self) { try reactor.connectUnixDatagrams(path) }
    #expect(error?.errno == ENOENT && error?.code == .connect)
    #expect(throws: NetError.self) {
      try reactor.connectUnixDatagrams(String(repeating: "x", count: 200))
    }
  }
}
