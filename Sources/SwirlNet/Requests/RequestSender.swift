public import SwirlDeferred

/// Sends requests and gives their responses: a ``RequestClient``, a ``RequestConnection``, or a fake of a test.
public protocol RequestSender<Request, Response>: AnyObject {
  /// What is sent.
  associatedtype Request
  /// What comes back.
  associatedtype Response

  /// Sends a request; programs call `send`.
  /// - Parameters:
  ///   - request: the request.
  ///   - timeout: its time limit; nil is that of the limits.
  ///   - site: the caller's place, for reports.
  func beginRequest(_ request: Request, timeout: Duration?, at site: CallSite) -> Deferred<Response>
}

extension RequestSender {
  /// Sends a request and gives its response.
  ///
  /// It does not wait for the responses of earlier requests. It fails with a ``RequestError``, which says whether the
  /// request was sent, or with the failure that the format read. Cancelling it at any moment is safe: what was not sent
  /// never is, and the response of what was sent is dropped. Callbacks run on the reactor's thread. Twisted:
  /// `AMP.callRemote`.
  ///
  /// - Parameters:
  ///   - request: the request.
  ///   - timeout: its time limit, from now on; nil is that of the ``RequestLimits``.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @discardableResult
  public func send(
    _ request: Request, timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Response> {
    beginRequest(request, timeout: timeout, at: CallSite(file: file, line: line))
  }

  /// Sends a request and calls `callback` with its response, or a ``RequestError``; see the form without a callback. An
  /// error that `callback` throws is reported. Cancelling the Deferred calls it with a `CancelledError`.
  @discardableResult
  public func send(
    _ request: Request, timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ callback: @escaping (Result<Response, any Error>) throws -> Void
  ) -> Deferred<Void> {
    beginRequest(request, timeout: timeout, at: CallSite(file: file, line: line))
      .addBoth(file: file, line: line, callback)
  }

  /// Sends a request and returns its response; throws a ``RequestError``. Cancelling the task cancels the request.
  ///
  /// To send several without waiting in between, call the form without `await`: `let first: Deferred = client.send(…)`,
  /// or `gatherResults(requests.map { client.send($0) })`.
  public func send(
    _ request: Request, timeout: Duration? = nil, isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line
  ) async throws -> Response {
    try await beginRequest(request, timeout: timeout, at: CallSite(file: file, line: line)).value
  }
}

/// Counts cancellations, so that a search for cancelled requests is only made after one.
final class RequestCancellations: DeferredCanceller {
  private(set) var count = 0
  /// Called in a cancellation, before the Deferred has failed.
  var onCancel: (() -> Void)?

  func cancelling(_ deferred: AnyDeferred) {
    count += 1
    onCancel?()
  }
}
