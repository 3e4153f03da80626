import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// A request body while it comes: what a `StreamedRequest` and its connection share. On the reactor's thread only; the stream on the
/// other side of the buffer is not.
final class RequestUpload {
  /// The request whose body it is.
  let exchange: Exchange
  private let buffer: StreamBuffer<[UInt8]>
  /// Since when the client may not send, because more waits than the high mark.
  private var pausedAt: Int64?

  init(_ exchange: Exchange, on connection: ServerConnection) {
    self.exchange = exchange
    buffer = StreamBuffer(
      on: connection.reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    // Unowned is right: a connection keeps this while the body comes, and `finish` takes the source away.
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [unowned self, unowned connection] in
          pausedAt = connection.reactor.turnTime
          self.exchange.handlerStart = connection.reactor.turnTime
          connection.machine.pauseContent()
        },
        resume: { [unowned self, unowned connection] in
          connection.machine.resumeContent()
          resume(connection)
        },
        stop: { [unowned self, unowned connection] in
          self.exchange.handlerStart = connection.reactor.turnTime
          connection.machine.abandonContent()
          resume(connection)
        }))
  }

  /// The stream for the handler. Once: releasing it says that the body is not wanted.
  func makeStream() -> ReactorStream<[UInt8]> { ReactorStream(buffer) }

  /// A request without a body.
  static func none(on reactor: Reactor) -> ReactorStream<[UInt8]> { whole([], on: reactor) }

  /// One whose body is there.
  static func whole(_ body: [UInt8], on reactor: Reactor) -> ReactorStream<[UInt8]> {
    let buffer = StreamBuffer<[UInt8]>(on: reactor.remote, high: 0, low: 0, cost: { $0.count })
    if !body.isEmpty { buffer.put(body) }
    buffer.finish()
    return ReactorStream(buffer)
  }

  private func resume(_ connection: ServerConnection) {
    if let pausedAt = pausedAt.take() {
      // The client could not send meanwhile: that is not counted.
      connection.contentStart += connection.reactor.turnTime - pausedAt
    }
    connection.pump()
  }

  /// Hands over content.
  func put(_ bytes: [UInt8]) { buffer.put(bytes) }

  /// The body is whole, or will not be.
  func finish(throwing error: (any Error)? = nil) { buffer.finish(throwing: error) }
}
