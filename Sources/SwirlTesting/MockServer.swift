public import SwirlDeferred
public import SwirlHTTPClient
import SwirlReactor

/// A server that answers from a script, for a client that opens no socket.
///
/// ```swift
/// let server = MockServer()
/// server.on("/users/1", .answer(try .init(json: ["name": "Ada"])))
/// server.on("/flaky", .fault(NetError(…)), .answer(.init(.ok)))
/// let client = HTTPClient(answering: server.answer)
/// ```
///
/// It belongs to the thread of the client's reactor.
public final class MockServer {
  /// What it does with one request.
  public enum Step {
    /// Answers.
    case answer(HTTPClient.Response)
    /// Answers with what `make` gives for the request.
    case reply((HTTPClient.Request) throws -> HTTPClient.Response)
    /// Answers with content that comes in pieces, and fails after the last of them where an error is given.
    case pieces(HTTPClient.Response, [[UInt8]], fault: (any Error)? = nil)
    /// Fails: an `HTTPError` or a `NetError` as it is, what else by its words.
    case fault(any Error)
    /// Never answers: the request waits for its timeout.
    case silence
    /// Does the step after this time, on the reactor's clock.
    indirect case after(Duration, Step)
  }

  /// What was asked for, in order, with all fields that would have been sent.
  public private(set) var requests: [HTTPClient.Request] = []
  private var scripts: [String: [Step]] = [:]

  /// A server that answers 404 to all.
  public init() {}

  /// Answers requests for `target` with `steps`: one each, in order, and the last of them for all that follow. What was
  /// said of the target before is replaced.
  ///
  /// - Parameters:
  ///   - target: a URL, or its path with its query, which then holds for each origin.
  ///   - steps: the answers, at least one.
  public func on(_ target: String, _ steps: Step...) {
    precondition(!steps.isEmpty, "a script has one step at least")
    scripts[target] = steps
  }

  /// Answers a request: for `HTTPClient(answering:)`.
  public func answer(_ request: HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse> {
    requests.append(request)
    for key in [request.url, Self.target(of: request.url)] {
      guard let steps = scripts[key] else { continue }
      if steps.count > 1 { scripts[key]?.removeFirst() }
      return try perform(steps[0], request)
    }
    let text = "MockServer has no script for \(request.url): add one with on(_:_:)"
    return .succeed(.init(.init(.notFound, body: Array(text.utf8))))
  }

  private static func target(of url: String) -> String {
    guard let scheme = url.firstRange(of: "://") else { return url }
    let rest = url[scheme.upperBound...].prefix { $0 != "#" }
    guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
    return rest[start] == "/" ? String(rest[start...]) : "/" + rest[start...]
  }

  private func perform(_ step: Step, _ request: HTTPClient.Request) throws -> Deferred<HTTPClient.StreamedResponse> {
    switch step {
    case .answer(let response): return .succeed(.init(response))
    case .reply(let make): return .succeed(.init(try make(request)))
    case .pieces(let response, let pieces, let fault): return .succeed(.init(response, pieces: pieces, fault: fault))
    case .fault(let error): throw error
    case .silence: return Deferred()
    case .after(let duration, let step):
      return Reactor.current.sleep(duration).addCallback { try self.perform(step, request) }
    }
  }
}
