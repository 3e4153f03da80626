package import HTTPTypes
import SwirlDeferred
package import SwirlReactor
import Synchronization

/// How far the content of a relayed request is. Atomic, because a body is a value that may be sent to other threads; it
/// is used on the reactor's thread alone.
package final class UploadProgress: Sendable {
  private let time = Atomic(Int64.min)
  private let waits = Atomic(false)

  package init() {}

  /// When the latest piece was sent on, on the reactor's clock; `Int64.min` before the first.
  package var lastSent: Int64 { time.load(ordering: .relaxed) }
  /// Whether the server has taken all that has come, and the next piece has not come yet.
  package var isAwaited: Bool { waits.load(ordering: .relaxed) }

  fileprivate func note(_ now: Int64, isAwaited: Bool) {
    time.store(now, ordering: .relaxed)
    waits.store(isAwaited, ordering: .relaxed)
  }
}

extension HTTPClient.Body {
  /// The pieces of `stream` as they come, for one request, with its trailers.
  /// - Parameter trailers: called behind the last piece; nil for content of known length, which has no trailers.
  package static func relayed(
    _ stream: ReactorStream<[UInt8]>, length: Int?, progress: UploadProgress,
    trailers: (@Sendable () -> HTTPFields?)? = nil
  ) -> HTTPClient.Body {
    var late: (@Sendable () -> HTTPFields)?
    if let trailers { late = { trailers() ?? HTTPFields() } }
    return HTTPClient.Body(
      .source(length: length, isReplayable: false) { RelayedSource(stream, progress) }, nil, trailers: late)
  }
}

/// Takes the pieces of a stream on the reactor's thread, without a task.
private final class RelayedSource: BodySource {
  /// nil once the sender has left: releasing it stops the stream.
  private var iterator: ReactorStream<[UInt8]>.AsyncIterator?
  private let progress: UploadProgress
  // A source that is there has a connection, and that a reactor.
  private unowned let reactor = Reactor.current
  private var pending: Deferred<[UInt8]?>?

  init(_ stream: ReactorStream<[UInt8]>, _ progress: UploadProgress) {
    iterator = stream.makeAsyncIterator()
    self.progress = progress
  }

  func next() -> Deferred<[UInt8]?> {
    if let result = poll() { return result }
    let pending = Deferred<[UInt8]?>(canceller: { [weak self] deferred in
      // The buffer has a closure that retains this: without this the stream would not learn that its reader left.
      self?.iterator = nil
      self?.pending = nil
      deferred.errback(CancelledError())
    })
    self.pending = pending
    return pending
  }

  private func poll() -> Deferred<[UInt8]?>? {
    guard let iterator else { return .fail(CancelledError()) }
    // The buffer keeps this alive until there is more.
    switch iterator.poll(orCall: { self.wake() }) {
    case .element(let piece):
      progress.note(reactor.turnTime, isAwaited: false)
      return .succeed(piece)
    case .end:
      progress.note(reactor.turnTime, isAwaited: false)
      return .succeed(nil)
    case .failure(let error): return .fail(error)
    case .nothingYet:
      progress.note(reactor.turnTime, isAwaited: true)
      return nil
    }
  }

  private func wake() {
    guard let pending, let result = poll() else { return }
    self.pending = nil
    result.addBoth { result in if !pending.isFired { pending.fire(with: result) } }
  }
}
