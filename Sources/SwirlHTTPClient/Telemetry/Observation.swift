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
  private let start: Reactor.Instant
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

  /// What came of it: the head, if one came, the size of the content, and what failed.
  struct Outcome {
    let response: HTTPClient.StreamedResponse?
    let size: Int
    let error: (any Error)?

    /// `http.response.status_code`
    var status: Int? { response?.status.code }

    /// `error.type`: the status of an answer that is one, or the kind of failure; nil where all is well.
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
  /// In seconds, as OpenTelemetry has it.
  var inSeconds: Double { Double(nanoseconds) / 1e9 }
}
