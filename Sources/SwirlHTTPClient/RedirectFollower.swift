import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

/// Follows redirects above interceptors that see each hop.
struct RedirectFollower {
  private let client: HTTPClient
  private let next: HTTPClient.Next

  init(_ client: HTTPClient, _ next: @escaping HTTPClient.Next) {
    self.client = client
    self.next = next
  }

  func send(
    _ request: HTTPClient.Request, after history: [HTTPClient.RedirectStep] = []
  ) -> Deferred<HTTPClient.StreamedResponse> {
    let policy = request.redirects ?? client.configuration.redirects
    var hop = request
    hop.redirects = HTTPClient.Redirects.none
    return next(hop).addCallback { response -> Deferred<HTTPClient.StreamedResponse> in
      guard policy.limit > 0, let location = Redirection.location(in: response.response.head) else {
        return .succeed(history.isEmpty ? response : response.with(history: history))
      }
      switch client.redirected(request, to: location, response.status.code, policy, after: history) {
      case .failure(let refused):
        let way = history.first.map { " (on the way from \($0.url.redactedURL))" } ?? ""
        let error = HTTPError(.redirect, request.method.rawValue, request.url, refused.reason + way)
        return response.discard().addCallback { throw error }
      case .success(let further):
        let step = HTTPClient.RedirectStep(url: request.url, method: request.method, status: response.status)
        return response.discard().addCallback { send(further, after: history + [step]) }
      }
    }
  }
}
