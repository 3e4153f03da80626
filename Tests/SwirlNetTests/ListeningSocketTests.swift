import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite(.serialized) struct ListeningSocketTests {
  private var ownProcess: String { "\(getpid())" }

  private static let first = numberBelowLimit(64)

  /// Sockets of a child's numbers: copies from `first`, which nothing else uses.
  private func sockets(_ descriptors: [Int32], from first: Int32) {
    for (index, descriptor) in descriptors.enumerated() {
      #expect(dup2(descriptor, first + Int32(index)) == first + Int32(index))
    }
  }

  @Test func `an inherited socket serves, is not blocking, and is closed on exec`() throws {
    try withReactor { reactor in
      let raw = RawListener()
      let copy = dup(raw.descriptor)
      _ = fcntl(copy, F_SETFL, 0)
      let socket = try ListeningSocket(descriptor: copy, name: "web")
      #expect(socket.name == "web" && socket.localAddress == raw.address)
      #expect(fcntl(copy, F_GETFL) & O_NONBLOCK != 0 && fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
      let server = Recorder { $0.onMade = { _ in reactor.stop() } }
      let listener = try reactor.listen(inherited: socket) { _ in server }
      #expect(listener.localAddress == raw.address)
      #expect { try reactor.listen(inherited: socket) { _ in nil } } throws: {
        "\($0)" == "listen on \(raw.address): a listener has this inherited socket already"
      }
      let far = raw.connect()
      return {
        #expect(server.events == ["made"])
        withExtendedLifetime(far) {}
      }
    }
  }

  @Test func `one that is released unused is closed`() throws {
    let raw = RawListener()
    let copy = dup(raw.descriptor)
    do { _ = try ListeningSocket(descriptor: copy) }
    #expect(fcntl(copy, F_GETFD) == -1)
  }

  @Test func `descriptors of the wrong kind are refused with what they are, and stay the caller's`() throws {
    var pipes: [Int32] = [-1, -1]
    #expect(pipe(&pipes) == 0)
    let datagrams = Socket.datagram(AF_INET)
    let (near, far) = connectedPair()
    let unbound = Socket.stream(AF_INET)
    for (descriptor, words) in [
      (pipes[0], "it is no socket, but a file, a pipe or a terminal"),
      (datagrams, "it is no stream socket: datagrams are not served"),
      (near, "it does not listen: it is a connection"), (unbound, "it does not listen"), (4095, "it is not open"),
    ] {
      #expect { try ListeningSocket(descriptor: descriptor) } throws: {
        "\($0)".hasPrefix("listen on descriptor \(descriptor): \(words)")
      }
      if descriptor != 4095 { #expect(fcntl(descriptor, F_GETFD) != -1) }
    }
    for descriptor in pipes + [datagrams, near, unbound] { Socket.close(descriptor) }
    withExtendedLifetime(far) {}
  }

  @Test func `the variables of systemd give the sockets in order, with their names`() throws {
    let (web, admin) = (RawListener(), RawListener(ip: "::1"))
    sockets([web.descriptor, admin.descriptor], from: Self.first)
    let found = try ListeningSocket.sockets(process: ownProcess, count: "2", names: "web:", first: Self.first)
    #expect(found.map(\.localAddress) == [web.address, admin.address] && found.map(\.name) == ["web", ""])
    #expect(try ListeningSocket.sockets(process: ownProcess, count: "0", names: nil, first: Self.first).isEmpty)
  }

  @Test(arguments: [(nil, "1"), ("1", "1"), ("x", "1"), ("", "1"), ("own", nil)] as [(String?, String?)])
  func `variables for another process mean nothing`(process: String?, count: String?) throws {
    let process = process == "own" ? ownProcess : process
    #expect(try ListeningSocket.sockets(process: process, count: count, names: nil, first: Self.first).isEmpty)
  }

  @Test(arguments: ["", "-1", "two", "99999", "99999999999999999999"])
  func `a wrong count is an error`(count: String) {
    #expect { try ListeningSocket.sockets(process: ownProcess, count: count, names: nil, first: Self.first) } throws: {
      "\($0)" == "listen on LISTEN_FDS: \(count.debugDescription) is no number of sockets"
    }
  }

  @Test func `with one wrong descriptor, or too few names, all are closed`() throws {
    let raw = RawListener()
    let datagrams = Socket.datagram(AF_INET)
    sockets([raw.descriptor, datagrams, raw.descriptor], from: Self.first)
    #expect { try ListeningSocket.sockets(process: ownProcess, count: "3", names: nil, first: Self.first) } throws: {
      "\($0)".hasPrefix("listen on descriptor \(Self.first + 1): it is no stream socket")
    }
    for number in Self.first...Self.first + 2 { #expect(fcntl(number, F_GETFD) == -1) }
    sockets([raw.descriptor, raw.descriptor], from: Self.first)
    #expect { try ListeningSocket.sockets(process: ownProcess, count: "2", names: "a", first: Self.first) } throws: {
      "\($0)" == "listen on LISTEN_FDNAMES: it has 1 names for 2 sockets (LISTEN_FDS)"
    }
    for number in Self.first...Self.first + 1 { #expect(fcntl(number, F_GETFD) == -1) }
    Socket.close(datagrams)
  }

  @Test func `the file of a Unix socket goes with the last that listens`() throws {
    let path = "/tmp/swirl-inherited-\(getpid()).sock"
    let reactor = Reactor()
    let first = try reactor.listenUnix(path) { _ in nil }
    let second = try reactor.listen(inherited: first.listeningSocket()) { _ in nil }
    first.stop()
    #expect(access(path, F_OK) == 0)
    second.stop()
    #expect(access(path, F_OK) != 0)
    #expect(throws: NetError.self) { try first.listeningSocket() }
  }

  @Test func `the file of a socket that others have made stays`() throws {
    let path = "/tmp/swirl-foreign-\(getpid()).sock"
    let address = try #require(SocketAddress(unixPath: path))
    let descriptor = Socket.stream(AF_UNIX)
    #expect(Socket.bind(descriptor, to: address) == 0 && Socket.listen(descriptor, 8) == 0)
    let listener = try Reactor().listen(inherited: ListeningSocket(descriptor: descriptor)) { _ in nil }
    listener.stop()
    #expect(access(path, F_OK) == 0)
    unlink(path)
  }
}
