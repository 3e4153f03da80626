import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// The streaming consumer of an exchange, shared by a `StreamedResponse` and its connection. Used on the reactor's
/// thread only; the stream at the other side of the buffer may be on any thread.
final class ResponseStream: ResponseSink {
  private enum State {
    /// No head yet.
    case waiting(Deferred<HTTPClient.StreamedResponse>)
    /// The head was delivered; content follows.
    case body(StreamBuffer<[UInt8]>)
    /// It has ended.
    case over
  }
  private var state: State
  private let trailers = LateTrailers()
  /// Whether reading is paused, because the buffer is above the high-water mark.
  private(set) var isPaused = false

  init(_ deferred: Deferred<HTTPClient.StreamedResponse>) { state = .waiting(deferred) }

  /// Whether the head was delivered.
  var hasHead: Bool { if case .waiting = state { false } else { true } }

  func begin(
    _ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor
  ) {
    guard case .waiting(let deferred) = state else { return }
    let buffer = StreamBuffer<[UInt8]>(
      on: reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    // Unowned is safe: every end of the exchange calls `finish`, which removes the source.
    buffer.setSource(
      StreamBuffer.Source(
        pause: { [unowned self, unowned exchange] in
          isPaused = true
          exchange.pauseBody()
        },
        resume: { [unowned self, unowned exchange] in
          isPaused = false
          exchange.resumeBody()
        },
        stop: { [unowned exchange] in exchange.cancel() }))
    state = .body(buffer)
    deferred.callback(HTTPClient.StreamedResponse(response, body: ReactorStream(buffer), trailers: trailers))
  }

  func put(_ bytes: [UInt8]) {
    if case .body(let buffer) = state { buffer.put(bytes) }
  }

  func put(trailers fields: HTTPFields) { trailers.set(fields) }

  /// The response is complete, or has failed. If the reactor was released, a Deferred for the head does not fire, like
  /// every other Deferred.
  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool) {
    let ended = state
    state = .over
    let error: (any Error)? = if case .failure(let error) = result { error } else { nil }
    switch ended {
    case .waiting(let deferred): if let error, !isReactorGone { deferred.errback(error) }
    case .body(let buffer): buffer.finish(throwing: error)
    case .over: break
    }
  }
}
