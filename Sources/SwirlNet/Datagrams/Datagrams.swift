public import SwirlDeferred
public import SwirlReactor

/// A datagram socket for async code on any thread and any actor.
///
/// ```swift
/// let datagrams = try reactor.listenUDP(9999)
/// for try await datagram in datagrams {
///   try await datagrams.reply(to: datagram, datagram.bytes)
/// }
/// ```
///
/// It buffers up to 64 KiB of datagrams; further ones wait in the kernel's receive buffer, and those above it are lost.
/// It is closed by ``close()``, by leaving the loop, by cancelling its task, or by releasing it. asyncio:
/// `create_datagram_endpoint`.
public struct Datagrams: AsyncSequence, Sendable {
  /// Its address, with the port that the kernel chose for port zero.
  public let localAddress: SocketAddress
  /// The port of ``localAddress``; zero for a Unix socket.
  public var port: Int { localAddress.port }
  /// The peer of a connected socket; otherwise nil.
  public let peerAddress: SocketAddress?

  private let inbound: ReactorStream<Datagram>
  private let control: DatagramControl

  private static let marks = WaterMarks(high: 64 * 1024, low: 16 * 1024)
  /// What a datagram counts beside its bytes.
  private static let overhead = 128

  /// Takes over a socket.
  init(_ socket: DatagramSocket) {
    let remote = socket.reactor.remote
    let arrived = StreamBuffer<Datagram>(on: remote, high: Self.marks.high, low: Self.marks.low) {
      $0.bytes.count + Self.overhead
    }
    // Weak: the reactor retains the socket, and that the stream; a strong reference here would be a cycle.
    arrived.setSource(
      .init(
        pause: { [weak socket] in socket?.pauseReading() }, resume: { [weak socket] in socket?.resumeReading() },
        stop: { [weak socket] in socket?.close() }))
    localAddress = socket.localAddress
    peerAddress = socket.peerAddress
    inbound = ReactorStream(arrived)
    control = DatagramControl(socket, remote)
    socket.start(passingTo: arrived)
  }

  /// The loop over the datagrams: one. It ends after ``close()``, and throws `CancellationError` if its task is
  /// cancelled. An error of a datagram that was sent does not end it.
  public func makeAsyncIterator() -> ReactorStream<Datagram>.AsyncIterator { inbound.makeAsyncIterator() }

  /// Sends a datagram, as ``DatagramSocket/send(_:to:from:)-([UInt8],_,_)`` does, after waiting for room in the queue.
  ///
  /// - Throws: a ``NetError`` if the socket is closed, `CancellationError` if the task is cancelled while it waits.
  public func send(
    _ bytes: [UInt8], to destination: SocketAddress? = nil, from source: SocketAddress? = nil
  ) async throws { try await control.send(bytes, to: destination, from: source) }

  /// Sends a datagram of text in UTF-8. See above.
  public func send(
    _ text: String, to destination: SocketAddress? = nil, from source: SocketAddress? = nil
  ) async throws { try await send(Array(text.utf8), to: destination, from: source) }

  /// Answers a datagram, from the address that it was sent to.
  public func reply(to datagram: Datagram, _ bytes: [UInt8]) async throws {
    try await send(bytes, to: peerAddress == nil ? datagram.source : nil, from: datagram.local)
  }

  /// Answers a datagram with text in UTF-8.
  public func reply(to datagram: Datagram, _ text: String) async throws {
    try await reply(to: datagram, Array(text.utf8))
  }

  /// Joins a group: see ``DatagramSocket/join(_:interface:source:)``.
  public func join(_ group: String, interface: String? = nil, source: String? = nil) async throws {
    try await control.withSocket { try $0.join(group, interface: interface, source: source) }
  }

  /// Leaves a group, with the same arguments.
  public func leave(_ group: String, interface: String? = nil, source: String? = nil) async throws {
    try await control.withSocket { try $0.leave(group, interface: interface, source: source) }
  }

  /// The numbers of datagrams that it has received, sent and lost.
  public func counts() async throws -> DatagramSocket.Counts { try await control.withSocket { $0.counts } }

  /// Closes the socket once the kernel has taken what was sent; the loop ends after the datagrams that have come. Any
  /// thread; a second call does nothing.
  public func close() { control.close() }
}

/// A reference to the socket.
///
/// Unchecked, because only the reactor's thread accesses the socket.
private final class DatagramControl: @unchecked Sendable {
  private weak var socket: DatagramSocket?
  private let remote: RemoteReactor
  private let name: String

  init(_ socket: DatagramSocket, _ remote: RemoteReactor) {
    self.socket = socket
    self.remote = remote
    name = (socket.peerAddress ?? socket.localAddress).description
  }

  func send(_ bytes: [UInt8], to destination: SocketAddress?, from source: SocketAddress?) async throws {
    while true {
      if remote.isCurrent, let socket, socket.isOpen, socket.hasRoom(for: bytes.count) {
        socket.send(bytes, to: destination, from: source)
        return
      }
      let isSent = try await withSocket { socket in
        guard socket.hasRoom(for: bytes.count) else { return false }
        socket.send(bytes, to: destination, from: source)
        return true
      }
      if isSent { return }
      try await remote.run { [self] _ in try openSocket().drained() }
    }
  }

  func withSocket<Value: Sendable>(_ body: @escaping @Sendable (DatagramSocket) throws -> Value) async throws -> Value {
    try await remote.run { [self] _ in try body(openSocket()) }
  }

  /// Weak references are read on the reactor's thread alone.
  private func openSocket() throws -> DatagramSocket {
    guard let socket, socket.isOpen else { throw NetError(.write, name, reason: "the socket was closed here") }
    return socket
  }

  func close() {
    if remote.isCurrent { socket?.close() } else { remote.callFromThread { [self] in socket?.close() } }
  }
}

extension DatagramSocket {
  /// Whether a datagram would be queued.
  func hasRoom(for count: Int) -> Bool { queuedBytes == 0 || queuedBytes + count <= maximumQueuedBytes }

  /// Passes datagrams to a stream, which ends with the socket.
  func start(passingTo arrived: StreamBuffer<Datagram>) {
    let end = StreamEnd(arrived)
    start { datagram, _ in end.arrived.put(datagram) }
  }
}

/// Owned by the handler of a socket. When that is released, by a close or with its reactor, this ends the stream.
private final class StreamEnd {
  let arrived: StreamBuffer<Datagram>
  init(_ arrived: StreamBuffer<Datagram>) { self.arrived = arrived }
  deinit { arrived.finish() }
}

extension Reactor {
  /// Gives the datagrams that are sent to a UDP port to async code.
  ///
  /// Like ``listenUDP(_:interface:options:file:line:_:)-(_,_,_,_,_,(Datagram,DatagramSocket)->Void)``: by default only
  /// programs on this machine can send here.
  /// - Throws: ``NetError`` with the code `.listen`.
  public func listenUDP(
    _ port: Int, interface: String = "127.0.0.1", options: DatagramOptions = DatagramOptions(),
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> Datagrams {
    Datagrams(try bindUDP(port, interface, options, at: CallSite(file: file, line: line)))
  }

  /// Makes a UDP socket for async code that is connected to one peer: see
  /// ``connectUDP(_:_:from:options:file:line:_:)``.
  public func openUDP(
    _ host: String, _ port: Int, from localAddress: SocketAddress? = nil, options: DatagramOptions = DatagramOptions(),
    file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Datagrams> {
    connectUDP(host, port, from: localAddress, options: options, file: file, line: line).addCallback { Datagrams($0) }
  }
}
