import HTTPTypes
import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// The consumer of an exchange that is told of the response while it comes: what a `StreamedResponse` and its connection
/// share. On the reactor's thread only; what is beyond the buffer is not.
final class ResponseStream: ResponseSink {
  private enum State {
    /// No head yet.
    case waiting(Deferred<HTTPClient.StreamedResponse>)
    /// The head was handed over; content follows.
    case body(StreamBuffer<[UInt8]>)
    /// It has ended, one way or the other.
    case over
  }
  private var state: State
  private let trailers = LateTrailers()
  /// Whether the connection is not read, because more waits than the high mark.
  private(set) var isPaused = false

  init(_ deferred: Deferred<HTTPClient.StreamedResponse>) { state = .waiting(deferred) }

  /// Whether the head was handed over.
  var hasHead: Bool { if case .waiting = state { false } else { true } }

  func begin(
    _ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor
  ) {
    guard case .waiting(let deferred) = state else { return }
    let buffer = StreamBuffer<[UInt8]>(
      on: reactor.remote, high: BodyWaterMarks.high, low: BodyWaterMarks.low, cost: { $0.count })
    // Unowned is right: the end of the exchange, which each of its ways leads to `finish`, takes the source away.
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

  /// The response is whole, or will not be. When the reactor has gone nobody hears of a head that has not come, as with
  /// every Deferred.
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

/// The trailers of a response that is read on another thread than that on which they come.
///
/// Unchecked, because what changes does so under the lock.
final class LateTrailers: @unchecked Sendable {
  private let lock = Lock()
  private var value: HTTPFields?

  init(_ fields: HTTPFields? = nil) { value = fields }

  var fields: HTTPFields? { lock.withLock { value } }

  func set(_ fields: HTTPFields) { lock.withLock { value = fields } }
}
