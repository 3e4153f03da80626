import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// A request and what came of it, in the words of OpenTelemetry's semantic conventions for HTTP clients.
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
  /// What calls back is this reactor, or somebody on its thread.
  private unowned let reactor: Reactor

  init(_ request: HTTPClient.Request) {
    // Another method is somebody's own: there may be any number of them.
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

  /// How long it has taken so far.
  var duration: Duration { reactor.now - start }

  /// `http.response.status_code`
  static func status(_ result: Result<HTTPClient.Response, any Error>) -> Int? {
    if case .success(let response) = result { response.status.code } else { nil }
  }

  /// `error.type`: the status of an answer that is one, or the kind of failure; nil where all is well.
  static func errorType(_ result: Result<HTTPClient.Response, any Error>) -> String? {
    switch result {
    case .success(let response): response.status.code >= 400 ? "\(response.status.code)" : nil
    case .failure(let error as HTTPError): error.code.description
    case .failure(let error): String(describing: type(of: error))
    }
  }
}

extension Duration {
  /// In seconds, as OpenTelemetry has it.
  var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
