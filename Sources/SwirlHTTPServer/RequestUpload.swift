import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// A request body while it comes: what a `StreamedRequest` and its connection share. On the reactor's thread only; what is
/// beyond the buffer is not.
final class RequestUpload {
  /// The place of its request in the connection's line: the last, since nothing is parsed behind a body that is not whole.
  let exchange: Exchange
  /// How many bytes have come.
  private(set) var received = 0
  /// Whether nothing is read, because more waits than the high mark.
  private(set) var isPaused = false
  /// Whether the handler takes no more.
  private(set) var isAbandoned = false
  /// Whether the head of its answer has said that the connection ends after it.
  var isLast = false
  private let buffer: StreamBuffer<[UInt8]>
  private var pausedAt: Int64 = 0
  private var dropped = 0

  init(_ exchange: Exchange, on connection: ServerConnection) {
    self.exchange = exchange
    buffer = StreamBuffer(
      on: connection.reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    // Unowned is right: a connection keeps this while the body comes, and `finish` takes the source away.
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [unowned self, unowned connection] in
          isPaused = true
          pausedAt = connection.reactor.turnTime
          self.exchange.handlerStart = pausedAt
        },
        resume: { [unowned self, unowned connection] in goOn(connection) },
        stop: { [unowned self, unowned connection] in
          isAbandoned = true
          self.exchange.handlerStart = connection.reactor.turnTime
          goOn(connection)
        }))
  }

  /// The stream for the handler. Once: letting go of it says that the body is not wanted.
  func makeStream() -> ReactorStream<[UInt8]> { ReactorStream(buffer) }

  /// A request without a body.
  static func none(on reactor: Reactor) -> ReactorStream<[UInt8]> {
    let buffer = StreamBuffer<[UInt8]>(on: reactor.remote, high: 0, low: 0, cost: { $0.count })
    buffer.finish()
    return ReactorStream(buffer)
  }

  private func goOn(_ connection: ServerConnection) {
    if isPaused {
      isPaused = false
      // The client could not send meanwhile: that is not counted.
      connection.bodyStart += connection.reactor.turnTime - pausedAt
    }
    connection.settle()
  }

  /// Hands over content. What nobody takes is dropped, as much as is after an answer: then the client has to wait for that.
  func put(_ bytes: [UInt8], droppingAtMost limit: Int) {
    received += bytes.count
    if !isAbandoned { return buffer.put(bytes) }
    dropped += bytes.count
    if dropped > limit { isPaused = true }
  }

  /// The body is whole, or will not be.
  func finish(throwing error: (any Error)? = nil) { buffer.finish(throwing: error) }
}
