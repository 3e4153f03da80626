import SwirlReactor

extension Connection {
  /// The received messages, for one loop.
  ///
  /// ```swift
  /// for try await message in connection.messages(LengthFraming()) { … }
  /// ```
  ///
  /// Throws ``FramingError`` for bytes that are not a message, or end within one, and the errors of ``inbound``, which
  /// only this may read.
  public func messages(_ framing: any Framing) -> Messages { Messages(stream: inbound, framing: framing) }

  /// Sends a message.
  /// - Throws: ``FramingError`` for a message that the framing cannot send, and the errors of ``write(_:)-([UInt8])``.
  public func write(_ message: [UInt8], as framing: any Framing) async throws {
    try await write(framing.encode(message))
  }

  /// The messages as they arrive.
  public struct Messages: AsyncSequence {
    fileprivate let stream: ReactorStream<[UInt8]>
    fileprivate let framing: any Framing

    /// The iterator of one loop.
    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate var bytes: ReactorStream<[UInt8]>.AsyncIterator
      fileprivate var splitter: FrameSplitter

      /// The next message, nil at the end.
      public mutating func next() async throws -> [UInt8]? { try await next(isolation: #isolation) }

      /// Like `next()`, on the caller's actor.
      public mutating func next(isolation: isolated (any Actor)?) async throws -> [UInt8]? {
        while true {
          if let message = try splitter.next() { return message }
          guard let more = try await bytes.next(isolation: isolation) else { break }
          splitter.append(more)
        }
        if splitter.rest.isEmpty { return nil }
        throw FramingError("the connection ended in the middle of a message, after \(splitter.rest.count) bytes of it")
      }
    }

    /// Starts the loop.
    public func makeAsyncIterator() -> AsyncIterator {
      AsyncIterator(bytes: stream.makeAsyncIterator(), splitter: FrameSplitter(framing))
    }
  }
}
