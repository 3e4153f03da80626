import Dispatch
import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// Runs a new reactor until `body`, or work that it started, stops it; then calls the closure that `body` returned. A
/// test that hangs fails instead.
///
/// Its time is virtual, so that a wait lasts until nothing is left to do, on a busy machine as on an idle one. A test
/// of what the loop costs while it waits needs real time.
func withReactor(
  clock: Reactor.ClockSource = .virtual(), sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (Reactor) throws -> (() -> Void)
) rethrows {
  let reactor = Reactor(clock: clock)
  let remote = reactor.remote
  // In real time: what the kernel has not delivered yet holds no virtual time.
  let hangs = DispatchWorkItem {
    remote.callFromThread { reactor in
      Issue.record("the test did not end within 20 seconds", sourceLocation: sourceLocation)
      reactor.crash()
    }
  }
  DispatchQueue.global().asyncAfter(deadline: .now() + 20, execute: hangs)
  let check = try body(reactor)
  reactor.run()
  hangs.cancel()
  check()
  // Open handles of a test hold closures that capture the reactor, a cycle that would retain it for ever.
  for listener in reactor.handles.all(Listener.self) { listener.stop() }
  for transport in reactor.handles.all(SocketTransport.self) { transport.end(.closed) }
  for call in reactor.delayedCalls { call.cancel() }
}

/// A protocol that records its calls, and runs the test's closures.
final class Recorder: StreamProtocol {
  var events: [String] = []
  var bytes: [UInt8] = []
  var transport: (any Transport)?
  /// Whether it retains its transport, as most protocols do.
  var keepsTransport = true
  /// The return value of `endReceived`.
  var goesOnSending = false
  var end: ConnectionEnd?

  var onMade: (any Transport) -> Void = { _ in }
  var onData: (Recorder) -> Void = { _ in }
  var onEndReceived: () -> Void = {}
  var onPause: () -> Void = {}
  var onResume: () -> Void = {}
  var onLost: (ConnectionEnd) -> Void = { _ in }

  init(_ setUp: (Recorder) -> Void = { _ in }) { setUp(self) }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func connectionMade(_ transport: any Transport) {
    events.append("made")
    if keepsTransport { self.transport = transport }
    onMade(transport)
  }
  func dataReceived(_ span: Span<UInt8>) {
    if events.last != "data" { events.append("data") }
    bytes.append(span)
    onData(self)
  }
  func endReceived() -> Bool {
    events.append("end")
    onEndReceived()
    return goesOnSending
  }
  func pauseWriting() {
    events.append("pause")
    onPause()
  }
  func resumeWriting() {
    events.append("resume")
    onResume()
  }
  func connectionLost(_ end: ConnectionEnd) {
    events.append("lost")
    self.end = end
    onLost(end)
    // The closures of a test may capture this: break the cycle.
    transport = nil
    (onMade, onData, onEndReceived, onPause) = ({ _ in }, { _ in }, {}, {})
    (onResume, onLost) = ({}, { _ in })
  }
}

/// The peer of a connection, by plain blocking system calls.
final class RawSocket {
  private(set) var descriptor: Int32

  init(_ descriptor: Int32) { self.descriptor = descriptor }
  deinit { close() }

  func send(_ text: String) { send(Array(text.utf8)) }
  func send(_ bytes: [UInt8]) {
    let count = bytes.withUnsafeBufferPointer { Socket.send(descriptor, $0) }
    #expect(count == bytes.count)
  }
  /// The available bytes, nil at EOF; an error is its number.
  func receive(upTo limit: Int = 1 << 16, wait: Bool = true) -> Result<String, Errno> {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = recv(descriptor, &bytes, limit, wait ? 0 : Int32(MSG_DONTWAIT))
    return count < 0 ? .failure(Errno(number: errno)) : .success(String(decoding: bytes.prefix(count), as: UTF8.self))
  }
  func closeWrite() { shutdown(descriptor, Int32(SHUT_WR)) }
  func reset() {
    Socket.resetOnClose(descriptor)
    close()
  }
  func close() {
    if descriptor >= 0 { Socket.close(descriptor) }
    descriptor = -1
  }
}

struct Errno: Error, Equatable { var number: Int32 }

/// A listening port, by plain system calls.
final class RawListener {
  let descriptor: Int32
  let address: SocketAddress
  private var fillers: [RawSocket] = []

  init(backlog: Int32 = 16, ip: String = "127.0.0.1") {
    descriptor = Socket.stream(ip.contains(":") ? AF_INET6 : AF_INET)
    _ = Socket.bind(descriptor, to: SocketAddress(ip: ip, port: 0)!)
    _ = Socket.listen(descriptor, backlog)
    address = Socket.localAddress(descriptor)!
  }
  deinit { Socket.close(descriptor) }

  var port: Int { Int(address.port) }

  /// A port that neither accepts nor refuses a connection: its queue is full, so the kernel drops the SYN.
  static func blackHole() -> RawListener {
    let listener = RawListener(backlog: 0)
    for _ in 0..<3 { listener.fillers.append(listener.connect()) }
    return listener
  }

  /// A port without a listener.
  static func closedPort() -> SocketAddress { RawListener().address }

  /// Starts to connect a socket to it.
  func connect() -> RawSocket {
    let socket = RawSocket(Socket.stream(address.domain))
    _ = Socket.connect(socket.descriptor, to: address)
    return socket
  }

  func accept() -> RawSocket? {
    let accepted = Socket.accept(descriptor).descriptor
    return accepted < 0 ? nil : RawSocket(accepted)
  }
}

/// Two connected TCP sockets on loopback; the far one blocks.
func connectedPair() -> (near: Int32, far: RawSocket) {
  let listener = RawListener()
  let near = Socket.stream(AF_INET)
  _ = Socket.connect(near, to: listener.address)
  var accepted: RawSocket?
  while accepted == nil { accepted = listener.accept() }
  _ = fcntl(accepted!.descriptor, F_SETFL, 0)
  return (near, accepted!)
}

extension Reactor {
  /// A transport with its started protocol, and its peer.
  func startPair(_ streamProtocol: any StreamProtocol) -> (transport: SocketTransport, far: RawSocket) {
    let (near, far) = connectedPair()
    let transport = SocketTransport(near, peer: SocketAddress(ip: "127.0.0.1", port: 9), on: self)
    transport.start(streamProtocol)
    return (transport, far)
  }
}

/// The number of open sockets of the process. Other descriptors do not count: libdispatch opens some at any time.
func openSockets() -> Int {
  (0..<Int32(4096)).count { descriptor in
    var type: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0
  }
}

/// A number of descriptors near the limit of this process, where no other test has one: all suites together have more
/// than a thousand, and a test that takes and closes another one's number ends that one's reactor.
func numberBelowLimit(_ distance: Int32) -> Int32 {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  return Int32(min(limit.rlim_cur, 100_000)) - distance
}

/// The CPU time of this thread, in milliseconds.
func threadMilliseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
}

extension SocketTransport {
  /// Takes over a connected, non-blocking descriptor.
  convenience init(_ descriptor: Int32, peer: SocketAddress?, on reactor: Reactor) {
    self.init(StreamSocket(descriptor), peer: peer, on: reactor, at: CallSite())
  }
}
