import HTTPTypes
import SwirlDeferred
import SwirlReactor

/// Delivers a response to callbacks as it arrives, with back-pressure.
final class ResponseCallbacks: ResponseSink {
  private let deferred: Deferred<HTTPClient.Response>
  private let onHead: (HTTPClient.Response) throws -> Void
  private let onData: ([UInt8]) throws -> Deferred<Void>?
  private(set) var hasHead = false
  private(set) var isPaused = false
  /// The Deferred that the callback returned. Its producer retains it, and it retains this.
  private weak var pause: Deferred<Void>?
  /// Pieces that arrived together with the current one.
  private var pending = RingBuffer<[UInt8]>()
  /// The result, if it arrived before all pieces were delivered.
  private var result: Result<HTTPClient.Response, any Error>?
  private var isOver = false
  private weak var exchange: HTTPClient.Exchange?

  init(
    _ deferred: Deferred<HTTPClient.Response>, _ onHead: @escaping (HTTPClient.Response) throws -> Void,
    _ onData: @escaping ([UInt8]) throws -> Deferred<Void>?
  ) {
    self.deferred = deferred
    self.onHead = onHead
    self.onData = onData
  }

  func begin(
    _ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor
  ) {
    hasHead = true
    self.exchange = exchange
    do { try onHead(response) } catch { fail(error) }
  }

  func put(_ bytes: [UInt8]) {
    if isPaused { pending.append(bytes) } else if !isOver { handOn(bytes) }
  }

  func put(trailers: HTTPFields) {}

  private func handOn(_ bytes: [UInt8]) {
    do {
      guard let pause = try onData(bytes), !isOver else { return }
      self.pause = pause
      isPaused = true
      var isStarting = true
      pause.addBoth { [self] outcome in goOn(outcome, isStarting: isStarting) }
      isStarting = false
      if isPaused, result == nil { exchange?.pauseBody() }
    } catch { fail(error) }
  }

  /// The Deferred of the callback has fired.
  private func goOn(_ outcome: Result<Void, any Error>, isStarting: Bool) {
    isPaused = false
    if isOver { return }
    if case .failure(let error) = outcome { return fail(error) }
    // Re-entrant call: `handOn` below us on the stack drains `pending`.
    if isStarting { return }
    while !isPaused, !isOver, let bytes = pending.popFirst() { handOn(bytes) }
    if isPaused || isOver { return }
    if let result = result.take() { return end(result) }
    exchange?.resumeBody()
  }

  private func fail(_ error: any Error) {
    if let exchange, !exchange.isFinished { exchange.abort(error) } else { cancel(error) }
  }

  /// Ends it while it waits with a complete response.
  func cancel(_ error: any Error = CancelledError()) {
    if !isOver { end(.failure(error)) }
  }

  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool) {
    if isReactorGone {
      isOver = true
    } else if case .success = result, isPaused {
      self.result = result
    } else {
      end(result)
    }
  }

  private func end(_ result: Result<HTTPClient.Response, any Error>) {
    isOver = true
    pending = RingBuffer()
    pause?.cancel()
    deferred.fire(with: result)
  }
}
