import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite(.serialized) struct SocketOptionsTests {
  private static var all: SocketOptions {
    var options = SocketOptions()
    options.keepAlive = .init(idle: .milliseconds(41_500), interval: .seconds(7), count: 3)
    options.sendBufferSize = 20_000
    options.receiveBufferSize = 30_000
    options.userTimeout = .milliseconds(12_345)
    return options
  }

  /// Linux keeps twice the size, for its own data.
  private static func expectAll(of descriptor: Int32, sourceLocation: SourceLocation = #_sourceLocation) {
    let tcp = Int32(IPPROTO_TCP)
    for (level, option, value) in [
      (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, 42), (tcp, TCP_KEEPINTVL, 7), (tcp, TCP_KEEPCNT, 3),
      (SOL_SOCKET, SO_SNDBUF, 40_000), (SOL_SOCKET, SO_RCVBUF, 60_000), (tcp, TCP_USER_TIMEOUT, 12_345),
    ] as [(Int32, Int32, Int32)] {
      #expect(Socket.option(descriptor, level, option) == value, "option \(option)", sourceLocation: sourceLocation)
    }
  }

  @Test func `a listener has them, its connections inherit them, and a client has them`() throws {
    try withReactor { reactor in
      var accepted: Int32 = -1
      let server = Recorder { recorder in
        recorder.onMade = {
          accepted = ($0 as? SocketTransport)?.socket.descriptor ?? -1
          Self.expectAll(of: accepted)
        }
      }
      let listener = try reactor.listenTCP(0, options: Self.all) { _ in server }
      let socket = try listener.listeningSocket()
      socket.withDescriptor { Self.expectAll(of: $0) }
      let client = Recorder { recorder in
        recorder.onMade = {
          Self.expectAll(of: ($0 as? SocketTransport)?.socket.descriptor ?? -1)
          $0.close()
        }
        recorder.onLost = { _ in reactor.stop() }
      }
      reactor.connectTCP("127.0.0.1", listener.port, options: Self.all) { client }
      return { #expect(accepted >= 0) }
    }
  }

  @Test func `without any nothing is changed`() throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in nil }
      let plain = RawListener()
      let socket = try listener.listeningSocket()
      for option in [SO_KEEPALIVE, SO_SNDBUF, SO_RCVBUF, SO_REUSEPORT] {
        #expect(
          socket.withDescriptor { Socket.option($0, SOL_SOCKET, option) }
            == Socket.option(plain.descriptor, SOL_SOCKET, option))
      }
      reactor.callSoon { reactor.stop() }
      return { listener.stop() }
    }
  }

  @Test func `a connection comes from its source address, on a port of the kernel's choice`() throws {
    try withReactor { reactor in
      var peer: SocketAddress?
      let listener = try reactor.listenTCP(0, interface: "0.0.0.0") {
        peer = $0
        reactor.stop()
        return nil
      }
      var options = SocketOptions()
      options.sourceAddress = SocketAddress(ip: "127.0.0.7", port: 0)
      reactor.connectTCP("127.0.0.1", listener.port, options: options) { Recorder() }
      return {
        #expect(peer?.host == "127.0.0.7" && peer?.port != 0)
      }
    }
  }

  @Test(arguments: [
    ("192.0.2.1", "the source address 192.0.2.1:0 cannot be bound: cannot assign requested address"),
    ("::1", "the source address ::1 is of another family than the peer's"),
  ])
  func `a source address that cannot be used is an error with the reason`(ip: String, reason: String) throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in nil }
      var options = SocketOptions()
      options.sourceAddress = SocketAddress(ip: ip, port: 0)
      var message = ""
      reactor.connectTCP("127.0.0.1", listener.port, options: options) { Recorder() }.addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      return { #expect(message == "connect to 127.0.0.1:\(listener.port): \(reason)") }
    }
  }

  @Test func `values that no socket has are refused by name, and leave nothing open`() {
    let reactor = Reactor()
    let before = openSockets()
    let cases: [((inout SocketOptions) -> Void, String)] = [
      ({ $0.keepAlive = .init(idle: .zero) }, "keepAlive.idle is 1 to 32767 seconds, not 0.0 seconds"),
      ({ $0.keepAlive = .init(interval: .seconds(40_000)) }, "keepAlive.interval is 1 to 32767 seconds"),
      ({ $0.keepAlive = .init(count: 128) }, "keepAlive.count is 1 to 127, not 128"),
      ({ $0.sendBufferSize = 0 }, "sendBufferSize is a positive number of bytes"),
      ({ $0.receiveBufferSize = 1 << 40 }, "receiveBufferSize is a positive number of bytes"),
      ({ $0.userTimeout = .zero }, "userTimeout is longer than zero"),
    ]
    // Often: other suites open sockets at the same time.
    for (change, words) in Array(repeating: cases, count: 50).joined() {
      var options = SocketOptions()
      change(&options)
      #expect { try reactor.listenTCP(0, options: options) { _ in nil } } throws: {
        "\($0)".hasPrefix("listen on 127.0.0.1:0: \(words)") && ($0 as? NetError)?.errno == EINVAL
      }
    }
    #expect(openSockets() < before + 150)
  }

  @Test func `listeners that say so share a port, and no other does`() throws {
    let reactor = Reactor()
    var options = SocketOptions()
    options.reusesPort = true
    let first = try reactor.listenTCP(0, options: options) { _ in nil }
    let second = try reactor.listenTCP(first.port, options: options) { _ in nil }
    #expect(second.port == first.port)
    #expect(throws: NetError.self) { try reactor.listenTCP(first.port) { _ in nil } }
    options.isFirstOnPort = true
    #expect { try reactor.listenTCP(first.port, options: options) { _ in nil } } throws: {
      "\($0)".contains("address already in use")
    }
  }

  @Test func `an address that the machine does not have can be bound`() throws {
    let reactor = Reactor()
    var options = SocketOptions()
    options.freeBind = true
    #expect(try reactor.listenTCP(0, interface: "192.0.2.1", options: options) { _ in nil }.port > 0)
  }

  @Test func `a listener of all addresses may take IPv6 alone`() throws {
    let reactor = Reactor()
    var options = SocketOptions()
    options.isIPv6Only = true
    let listener = try reactor.listenTCP(0, interface: "", options: options) { _ in nil }
    // The same port of IPv4 is free.
    #expect(try reactor.listenTCP(listener.port, interface: "0.0.0.0") { _ in nil }.port == listener.port)
  }
}
