import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// What a request body comes from: a connection of HTTP/1, or a stream of HTTP/2.
protocol UploadSource: AnyObject {
  var reactor: Reactor! { get }
  /// The handler waits for the first of it.
  func contentWanted()
  /// The handler takes less than comes.
  func pauseContent()
  /// The handler has room again, after this many nanoseconds, in which the client could not send.
  func resumeContent(after pause: Int64)
  /// The handler takes no more.
  func abandonContent(after pause: Int64)
}

/// A request body while it arrives, shared by a `StreamedRequest` and its source. Used on the reactor's thread
/// only; the stream at the other side of the buffer may be on any thread.
final class RequestUpload {
  /// The request of this body.
  let exchange: Exchange
  private let buffer: StreamBuffer<[UInt8]>
  /// Removes the content codings of the body; nil if it is taken as it comes.
  private let decoding: UploadDecoding?
  /// Set before the end of the content.
  let trailers = LateTrailers()
  /// Since when reading is paused, because the buffer is above the high-water mark.
  private var pausedAt: Int64?
  /// Whether the handler takes less than comes.
  var isPaused: Bool { pausedAt != nil }

  init(_ exchange: Exchange, from source: any UploadSource, _ decoding: UploadDecoding? = nil) {
    self.exchange = exchange
    self.decoding = decoding
    buffer = StreamBuffer(
      on: source.reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    if let decoding {
      decode(with: decoding, from: source)
      return
    }
    // Unowned is safe: the source retains this while the body arrives, and `finish` removes the closures.
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [unowned self, unowned source] in
          pausedAt = source.reactor.turnTime
          self.exchange.handlerStart = source.reactor.turnTime
          source.pauseContent()
        },
        resume: { [unowned self, unowned source] in source.resumeContent(after: takePause(source.reactor)) },
        stop: { [unowned self, unowned source] in
          self.exchange.handlerStart = source.reactor.turnTime
          source.abandonContent(after: takePause(source.reactor))
        },
        wanted: { [unowned source] in source.contentWanted() }))
  }

  /// `request` with the stream for the handler. Call it once: releasing the stream means that the body is unwanted.
  func makeRequest(_ request: HTTPServer.Request) -> HTTPServer.StreamedRequest {
    HTTPServer.StreamedRequest(request, body: ReactorStream(buffer), trailers: trailers)
  }

  /// The stream of a body that is there.
  static func whole(_ body: [UInt8], on reactor: Reactor) -> ReactorStream<[UInt8]> {
    let buffer = StreamBuffer<[UInt8]>(on: reactor.remote, high: 0, low: 0, cost: { $0.count })
    if !body.isEmpty { buffer.put(body) }
    buffer.finish()
    return ReactorStream(buffer)
  }

  private func takePause(_ reactor: Reactor) -> Int64 {
    guard let pausedAt = pausedAt.take() else { return 0 }
    return reactor.turnTime - pausedAt
  }

  /// Adds content.
  func put(_ bytes: [UInt8]) {
    if let decoding { decoding.put(bytes) } else { buffer.put(bytes) }
  }

  /// The body is complete, or never will be.
  func finish(throwing error: (any Error)? = nil) {
    if let decoding { decoding.finish(throwing: error) } else { buffer.finish(throwing: error) }
  }

  /// The number of bytes that wait for the handler.
  var bufferedBytes: Int { buffer.bufferedCost + (decoding?.pendingBytes ?? 0) }

  // MARK: - Decoding

  private func decode(with decoding: UploadDecoding, from source: any UploadSource) {
    decoding.begin(
      buffer,
      pause: { [unowned self, unowned source] in
        if pausedAt != nil { return }
        pausedAt = source.reactor.turnTime
        exchange.handlerStart = source.reactor.turnTime
        source.pauseContent()
      },
      resume: { [unowned self, unowned source] in source.resumeContent(after: takePause(source.reactor)) },
      stop: { [unowned self, unowned source] in
        exchange.handlerStart = source.reactor.turnTime
        source.abandonContent(after: takePause(source.reactor))
      }, wanted: { [unowned source] in source.contentWanted() })
  }
}
