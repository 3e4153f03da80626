import SwirlDeferred
import Synchronization

/// What comes from a reactor, one after the other, for a task that awaits it: the bytes of a body or a connection, the
/// connections of a port.
///
/// ```swift
/// for try await chunk in response.body { … }
/// ```
///
/// It is for one loop, of one task, on any thread or actor. A loop that is slow makes the source pause: no more than the high
/// mark waits in memory. Leaving the loop, cancelling its task, or letting go of a stream that was never read, stops the
/// source; a cancelled task gets `CancellationError`, so that no part is ever taken for the whole.
public struct ReactorStream<Element: Sendable>: AsyncSequence, Sendable {
  private let handle: Handle

  /// The stream of what is put into `buffer`.
  package init(_ buffer: StreamBuffer<Element>) { handle = Handle(buffer) }

  /// What one loop takes from.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    /// The next element, nil at the end. Throws what ended the source, or `CancellationError`.
    public mutating func next() async throws -> Element? { try await reader.buffer.next() }

    /// The next element, if there is one; on the reactor's thread, where otherwise `wake` is called when there is more.
    func poll(orCall wake: @escaping () -> Void) -> StreamBuffer<Element>.Polled { reader.buffer.poll(orCall: wake) }

    /// As `next()`, on the caller's actor.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      try await reader.buffer.next(isolation: isolation)
    }
  }

  /// Begins to take. Once: what was taken does not come again.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: handle.read()) }

  /// What waits to be taken: bytes, or connections.
  package var bufferedCost: Int { handle.buffer.bufferedCost }

  /// Stops the source when the loop is left.
  fileprivate final class Reader: Sendable {
    let buffer: StreamBuffer<Element>
    init(_ buffer: StreamBuffer<Element>) { self.buffer = buffer }
    deinit { buffer.leave() }
  }

  /// Stops the source when the stream is let go of unread.
  private final class Handle: Sendable {
    let buffer: StreamBuffer<Element>
    private let isRead = Atomic(false)

    init(_ buffer: StreamBuffer<Element>) { self.buffer = buffer }

    func read() -> Reader {
      require(!isRead.exchange(true, ordering: .relaxed), "a stream is read once: keep what its first loop took")
      return Reader(buffer)
    }

    deinit { if !isRead.load(ordering: .relaxed) { buffer.leave() } }
  }
}
