import SwirlDeferred
import SwirlReactor

extension HTTPClient.Request {
  /// `answer` within the deadline of this request. Interceptors may wait, and send it several times: they have one
  /// deadline for all of that.
  func withinDeadline<Value>(_ answer: Deferred<Value>, on reactor: Reactor) -> Deferred<Value> {
    guard let deadline, !answer.isFired else { return answer }
    let now = reactor.now
    return answer.addTimeout(deadline > now ? deadline - now : .zero, clock: reactor) { [method, url] result, _ in
      if case .failure(let error) = result, error is CancelledError || error is CancellationError {
        throw HTTPError(.timeout, method.rawValue, url, "no complete answer before the deadline of the request")
      }
      return try result.get()
    }
  }
}
