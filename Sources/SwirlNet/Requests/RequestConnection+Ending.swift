public import SwirlDeferred
import SwirlReactor

extension RequestConnection {
  // MARK: - The end

  typealias Rest = (entries: [RequestTable<Response>.Entry], sentBytes: Int)

  /// Makes it ended, and returns the requests under way.
  func takeRest(_ code: RequestError.Code, cause: (any Error)?) -> Rest {
    let rest = (table.inOrder, handedBytes - (transport?.unsentBytes ?? 0))
    state = .ended
    if code != .closed { endError = error(.notConnected, wasSent: false, cause: cause) }
    shared = nil
    table.removeAll()
    output = []
    deadlines.cancel()
    transport?.abort()
    return rest
  }

  func finish(_ rest: Rest, _ code: RequestError.Code, cause: (any Error)?) {
    for entry in rest.entries {
      guard let response = entry.response, !response.isFired else { continue }
      response.errback(error(code, wasSent: entry.start < rest.sentBytes, cause: cause))
    }
    queue.failAll(error(code, wasSent: false, cause: cause))
    if ownsPushes { pushHandler.finish(throwing: code == .closed ? nil : endError) }
    onEnded.take()?()
    let closed = closes
    closes = []
    for deferred in closed where !deferred.isFired { deferred.callback() }
  }

  func end(
    _ code: RequestError.Code, cause: (any Error)?, failing item: RequestQueue<Request, Response>.Waiting? = nil
  ) {
    guard state != .ended else { return }
    let rest = takeRest(code, cause: cause)
    item?.receiver.fail(error(code, wasSent: false, cause: cause))
    finish(rest, code, cause: cause)
  }

  /// Accepts no more requests; those it has accepted get their responses, or time out. Then it closes the connection.
  /// The Deferred fires when that is done.
  @discardableResult
  public func close() -> Deferred<Void> {
    if state == .ended { return .succeed() }
    let closed = Deferred<Void>()
    closes.append(closed)
    isClosing = true
    // A cancelled request has not failed yet when this is called.
    cancellations.onCancel = { [weak self] in self?.reactor.callSoon { self?.settled() } }
    settled()
    return closed
  }

  /// Ends the connection at once; all requests fail.
  public func abort() { end(.closed, cause: nil) }

  /// Whether a request waits for its response or to be sent.
  var isBusy: Bool { queue.hasWaiting || table.contains { $0.response?.isFired == false } }

  func settled() {
    onSettled?()
    guard isClosing, state != .ended, !isBusy else { return }
    flush()
    let transport = transport
    state = .ended
    let rest: Rest = ([], 0)
    table.removeAll()
    deadlines.cancel()
    transport?.close()
    finish(rest, .closed, cause: nil)
  }
}
