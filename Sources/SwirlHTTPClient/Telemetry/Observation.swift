import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// A request and its outcome, in the terms of OpenTelemetry's semantic conventions for HTTP clients.
struct Observation {
  /// `http.request.method`
  let method: String
  /// `url.full`
  let url: String
  /// `url.scheme`
  let scheme: String?
  /// `server.address`
  let address: String?
  /// `server.port`
  let port: Int?
  private let start: Instant
  /// Unowned: only this reactor, or code on its thread, calls back.
  private unowned let reactor: Reactor

  init(_ request: HTTPClient.Request) {
    // Other methods are reported as `_OTHER`, because their number is unbounded.
    method = Self.methods.contains(request.method.rawValue) ? request.method.rawValue : "_OTHER"
    url = request.url.redactedURL
    let origin = try? HTTPURL.parse(request.url).origin
    scheme = origin.map { $0.isSecure ? "https" : "http" }
    address = origin.map { $0.socketPath ?? $0.name }
    port = origin.flatMap { $0.socketPath == nil ? $0.port : nil }
    reactor = .current
    start = reactor.now
  }

  private static let methods: Set<String> = [
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE",
  ]

  /// Its duration so far.
  var duration: Duration { reactor.now - start }

  /// What came of it: the head, if one came, the size of the content, and what failed.
  struct Outcome {
    let response: HTTPClient.StreamedResponse?
    let size: Int
    let error: (any Error)?

    /// `http.response.status_code`
    var status: Int? { response?.status.code }

    /// `error.type`: an error status, or the kind of failure; nil on success.
    var errorType: String? {
      switch error {
      case nil: status.flatMap { $0 >= 400 ? "\($0)" : nil }
      case let error as HTTPError: error.code.description
      case let error?: String(describing: type(of: error))
      }
    }
  }

  /// Calls `ended` when the content of the response has come to its end, or will not.
  static func observe(
    _ response: Deferred<HTTPClient.StreamedResponse>, _ ended: @escaping (Outcome) -> Void
  ) -> Deferred<HTTPClient.StreamedResponse> {
    response.addBoth { result in
      switch result {
      case .success(let response):
        return response.observingEnd { ended(Outcome(response: response, size: $0, error: $1)) }
      case .failure(let error):
        ended(Outcome(response: nil, size: 0, error: error))
        throw error
      }
    }
  }
}

extension Duration {
  /// In seconds, as OpenTelemetry requires.
  var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
