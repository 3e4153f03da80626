import SwirlDeferred
import Synchronization

/// A sequence of elements from a reactor for an awaiting task: the bytes of a body or a connection, the connections of
/// a port.
///
/// ```swift
/// for try await chunk in response.body { … }
/// ```
///
/// It supports one loop of one task, on any thread or actor. A slow loop applies back-pressure: the source pauses at
/// the high-water mark. Leaving the loop, cancelling its task, or releasing an unread stream stops the source. A
/// cancelled task gets `CancellationError`, so that it cannot mistake a part for the whole.
public struct ReactorStream<Element: Sendable>: AsyncSequence, Sendable {
  private let handle: Handle

  /// The stream of the elements of `buffer`.
  package init(_ buffer: StreamBuffer<Element>) { handle = Handle(buffer) }

  /// The iterator of one loop.
  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let reader: Reader

    /// The next element, nil at the end. Throws the error of the source, or `CancellationError`.
    public mutating func next() async throws -> Element? { try await reader.buffer.next() }

    /// The next element, if there is one; on the reactor's thread, where otherwise `wake` is called when there is more.
    package func poll(orCall wake: @escaping () -> Void) -> StreamBuffer<Element>.Polled {
      reader.buffer.poll(orCall: wake)
    }

    /// Like `next()`, on the caller's actor.
    public mutating func next(isolation: isolated (any Actor)?) async throws -> Element? {
      try await reader.buffer.next(isolation: isolation)
    }
  }

  /// Starts the loop. Only once: elements are not repeated.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: handle.read()) }

  /// The number of buffered bytes or connections.
  package var bufferedCost: Int { handle.buffer.bufferedCost }

  /// Stops the source when the loop is left.
  fileprivate final class Reader: Sendable {
    let buffer: StreamBuffer<Element>
    init(_ buffer: StreamBuffer<Element>) { self.buffer = buffer }
    deinit { buffer.leave() }
  }

  /// Stops the source when the stream is released unread.
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
