public import SwirlReactor

/// A port or path that is listened on, for code that awaits: any thread and any actor may use it.
///
/// ```swift
/// for try await connection in server.connections {
///   Task { try await answer(connection) }
/// }
/// ```
///
/// asyncio: `Server`.
public struct ConnectionListener: Sendable {
  /// Where it listens; the port is the one the kernel chose when zero was asked for.
  public let localAddress: SocketAddress

  /// The connections that come, for one loop.
  ///
  /// A few wait here until they are taken; then the others wait in the kernel's queue. Leaving the loop, cancelling its task,
  /// or letting go of this unread, listens no more and closes the connections that wait. The loop ends after ``stop()``.
  public let connections: ReactorStream<Connection>

  private let control: Control

  /// How many connections may wait before no more are accepted, and at how few it goes on.
  private static let marks = WaterMarks(high: 15, low: 4)

  /// - Parameter listen: listens on what it likes, with the protocols that it is given.
  init(
    on reactor: Reactor, _ listen: (@escaping (SocketAddress?) -> (any StreamProtocol)?) throws -> Listener
  ) rethrows {
    let remote = reactor.remote
    let waiting = StreamBuffer<Connection>(on: remote, high: Self.marks.high, low: Self.marks.low) { _ in 1 }
    let accepted = Accepted(waiting)
    let listener = try listen { _ in Newcomer(to: accepted) }
    // The reactor keeps the listener, and that the stream: it must not be kept from here as well.
    waiting.setSource(
      .init(
        pause: { [weak listener] in listener?.pauseAccepting() },
        resume: { [weak listener] in listener?.resumeAccepting() }, stop: { [weak listener] in listener?.stop() }))
    localAddress = listener.localAddress
    connections = ReactorStream(waiting)
    control = Control(listener, remote)
  }

  /// Listens no more: the port is free soon, and the loop ends when it has taken the connections that wait. Those that were
  /// accepted go on. On any thread; a second call does nothing.
  public func stop() { control.stop() }

  /// Reads the files of its certificates and keys again: see ``Listener/reload()``. On any thread.
  /// - Throws: ``NetError`` of code `.configureTLS` where that cannot be used; then all stays as it was.
  public func reload() async throws { try await control.reload() }

  /// The way back to the listener.
  ///
  /// Unchecked, because the listener is touched on the reactor's thread only.
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

/// Belongs to a listener: when that is gone, stopped or with its reactor, no more connections come.
private final class Accepted {
  let waiting: StreamBuffer<Connection>
  init(_ waiting: StreamBuffer<Connection>) { self.waiting = waiting }
  deinit { waiting.finish() }
}

/// The protocol of a connection until it is there.
private final class Newcomer: StreamProtocol {
  private let accepted: Accepted
  init(to accepted: Accepted) { self.accepted = accepted }

  func connectionMade(_ transport: any Transport) { accepted.waiting.put(Connection(transport)) }
  func dataReceived(_ bytes: Span<UInt8>) {}
}
