public import SwirlReactor

/// A listening port or path for async code on any thread and any actor.
///
/// ```swift
/// for try await connection in server.connections {
///   Task { try await answer(connection) }
/// }
/// ```
///
/// asyncio: `Server`.
public struct ConnectionListener: Sendable {
  /// The listening address; with the port that the kernel chose for port zero.
  public let localAddress: SocketAddress

  /// The port of ``localAddress``; zero for a Unix socket.
  public var port: Int { localAddress.port }

  /// The accepted connections, for one loop.
  ///
  /// It buffers a few; further ones wait in the kernel's queue. Leaving the loop, cancelling its task, or releasing
  /// this unread, stops listening and closes the buffered connections. The loop ends after ``stop()``.
  public let connections: ReactorStream<Connection>

  private let control: Control

  /// The numbers of buffered connections at which accepting pauses and resumes.
  private static let marks = WaterMarks(high: 15, low: 4)

  /// - Parameter listen: makes the listener, with the given protocol factory.
  package init(
    on reactor: Reactor, _ listen: (@escaping (SocketAddress?) -> (any StreamProtocol)?) throws -> Listener
  ) rethrows {
    let remote = reactor.remote
    let waiting = StreamBuffer<Connection>(on: remote, high: Self.marks.high, low: Self.marks.low) { _ in 1 }
    let accepted = Accepted(waiting)
    let listener = try listen { _ in Newcomer(to: accepted) }
    // Weak: the reactor retains the listener, and that the stream; a strong reference here would be a cycle.
    waiting.setSource(
      .init(
        pause: { [weak listener] in listener?.pauseAccepting() },
        resume: { [weak listener] in listener?.resumeAccepting() }, stop: { [weak listener] in listener?.stop() }))
    localAddress = listener.localAddress
    connections = ReactorStream(waiting)
    control = Control(listener, remote)
  }

  /// Stops listening: the port is free soon, and the loop ends after the buffered connections. Accepted connections
  /// continue. Any thread; a second call does nothing.
  public func stop() { control.stop() }

  /// Reads the files of its certificates and keys again: see ``Listener/reload()``. Any thread.
  /// - Throws: ``NetError`` with the code `.configureTLS` if they are unusable; then nothing changes.
  public func reload() async throws { try await control.reload() }

  /// A reference to the listener.
  ///
  /// Unchecked, because only the reactor's thread accesses the listener.
  private final class Control: @unchecked Sendable {
    private weak var listener: Listener?
    private let remote: RemoteReactor

    init(_ listener: Listener, _ remote: RemoteReactor) {
      self.listener = listener
      self.remote = remote
    }

    func reload() async throws {
      try await remote.run { _ in try self.listener?.reload() }
    }

    func stop() {
      if remote.isCurrent { listener?.stop() } else { remote.callFromThread { [self] in listener?.stop() } }
    }
  }
}

/// Owned by a listener. When that is released, by a stop or with its reactor, this ends the stream.
private final class Accepted {
  let waiting: StreamBuffer<Connection>
  init(_ waiting: StreamBuffer<Connection>) { self.waiting = waiting }
  deinit { waiting.finish() }
}

/// The protocol of a connection until it is established.
private final class Newcomer: StreamProtocol {
  private let accepted: Accepted
  init(to accepted: Accepted) { self.accepted = accepted }

  func connectionMade(_ transport: any Transport) { accepted.waiting.put(Connection(transport)) }
  func dataReceived(_ bytes: Span<UInt8>) {}
}
