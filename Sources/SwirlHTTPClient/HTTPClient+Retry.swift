public import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlPlatform
import SwirlReactor

extension HTTPClient {
  /// When and how often to repeat failed requests.
  public struct RetryPolicy: Sendable {
    /// The total number of attempts.
    public var attempts = 3
    /// The maximum pause before the second attempt; it doubles with each further one. The pause is a random fraction of
    /// that, so that clients that failed together do not retry together.
    public var firstDelay = Duration.milliseconds(200)
    /// The upper limit of all pauses. If a server asks for a longer one, its response is final.
    public var maximumDelay = Duration.seconds(20)
    /// The statuses that are retried.
    public var statuses: Set<HTTPResponse.Status> = [429, 502, 503, 504]
    /// Whether to repeat non-idempotent requests too, which may have side effects (RFC 9110 §9.2.2).
    public var repeatsUnsafeMethods = false

    /// The defaults.
    public init() {}
  }
}

extension HTTPClient.Middleware {
  /// Sends requests again that failed for a reason that may pass.
  ///
  /// What fails otherwise, such as a malformed URL, a certificate that is refused or a cancellation, fails at once. The
  /// time of each try is that of the request; `deadline` is one for them all. The Retry-After field is obeyed (RFC 9110
  /// §10.2.3). A response that is streamed is tried again only until its head is there.
  public static func retry(_ policy: HTTPClient.RetryPolicy = HTTPClient.RetryPolicy()) -> Self {
    require(policy.attempts > 0, "a request is sent once at least")
    return Self("retry", .retry) { request, next in Attempts(policy, request, next).start() }
  }
}

/// The attempts of one request.
private final class Attempts {
  private let policy: HTTPClient.RetryPolicy
  private let request: HTTPClient.Request
  private let next: HTTPClient.Next
  private var made = 0

  init(_ policy: HTTPClient.RetryPolicy, _ request: HTTPClient.Request, _ next: @escaping HTTPClient.Next) {
    self.policy = policy
    self.request = request
    self.next = next
  }

  func start() -> Deferred<HTTPClient.StreamedResponse> {
    made += 1
    return attempt().addBoth { [self] result -> Deferred<HTTPClient.StreamedResponse> in
      guard made < policy.attempts, request.isRepeatable || policy.repeatsUnsafeMethods && request.hasReplayableBody,
        let delay = delay(after: result)
      else { return try .succeed(result.get()) }
      let discarded = (try? result.get())?.discard() ?? .succeed()
      return discarded.addCallback { Reactor.current.sleep(delay) }.addCallback { [self] _ in start() }
    }
  }

  /// What is fetched as a whole is tried again, too, when its content does not come to its end.
  private func attempt() -> Deferred<HTTPClient.StreamedResponse> {
    if !request.isCollected { return next(request) }
    return next(request).addCallback { $0.collect() }.addCallback { HTTPClient.StreamedResponse($0) }
  }

  /// The pause before the next attempt; nil for no further attempt.
  private func delay(after result: Result<HTTPClient.StreamedResponse, any Error>) -> Duration? {
    var asked: Duration?
    switch result {
    case .success(let response):
      guard policy.statuses.contains(response.status) else { return nil }
      asked = response["retry-after"].flatMap { RetryAfter($0, now: WallClock.now)?.delay }
    case .failure(let error):
      guard let error = error as? HTTPError, error.mayPass else { return nil }
    }
    if let asked { return asked <= policy.maximumDelay ? asked : nil }
    return Backoff(firstDelay: policy.firstDelay, maximumDelay: policy.maximumDelay).delay(after: made)
  }
}

extension HTTPError {
  /// Whether a retry may succeed.
  var mayPass: Bool {
    switch code {
    // The program's own filter on addresses has EACCES.
    case .cannotConnect: network?.certificate == nil && network?.errno != EACCES
    case .connectionLost, .closedEarly, .timeout: true
    default: false
    }
  }
}

extension HTTPClient.Request {
  var hasReplayableBody: Bool { body?.isReplayable ?? true }

  /// The whole body if it is in memory, `[]` without a body, nil if it is streamed.
  var knownContent: [UInt8]? {
    switch body?.content {
    case nil: []
    case .bytes(let bytes): bytes
    case .source: nil
    }
  }

  /// Whether repeating it is harmless: RFC 9110 §9.2.2 lets a client repeat idempotent methods only.
  var isRepeatable: Bool {
    switch method {
    case .get, .head, .options, .trace, .put, .delete: hasReplayableBody
    default: false
    }
  }
}
