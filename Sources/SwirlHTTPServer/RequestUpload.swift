import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// A request body while it arrives, shared by a `StreamedRequest` and its connection. Used on the reactor's thread
/// only; the stream at the other side of the buffer may be on any thread.
final class RequestUpload {
  /// The request of this body.
  let exchange: Exchange
  private let buffer: StreamBuffer<[UInt8]>
  /// Since when reading is paused, because the buffer is above the high-water mark.
  private var pausedAt: Int64?
  /// Whether the handler takes less than comes.
  var isPaused: Bool { pausedAt != nil }

  init(_ exchange: Exchange, on connection: ServerConnection) {
    self.exchange = exchange
    buffer = StreamBuffer(
      on: connection.reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    // Unowned is safe: a connection retains this while the body arrives, and `finish` removes the source.
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

  /// The stream for the handler. Call it once: releasing the stream means that the body is unwanted.
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
      // Do not count the time in which the client could not send.
      connection.contentStart += connection.reactor.turnTime - pausedAt
    }
    connection.pump()
  }

  /// Adds content.
  func put(_ bytes: [UInt8]) { buffer.put(bytes) }

  /// The body is complete, or never will be.
  func finish(throwing error: (any Error)? = nil) { buffer.finish(throwing: error) }
}
