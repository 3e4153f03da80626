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

  /// `http.response.status_code`
  static func status(_ result: Result<HTTPClient.Response, any Error>) -> Int? {
    if case .success(let response) = result { response.status.code } else { nil }
  }

  /// `error.type`: an error status, or the kind of failure; nil on success.
  static func errorType(_ result: Result<HTTPClient.Response, any Error>) -> String? {
    switch result {
    case .success(let response): response.status.code >= 400 ? "\(response.status.code)" : nil
    case .failure(let error as HTTPError): error.code.description
    case .failure(let error): String(describing: type(of: error))
    }
  }
}

extension Duration {
  /// In seconds, as OpenTelemetry requires.
  var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
