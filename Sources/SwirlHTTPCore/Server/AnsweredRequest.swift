/// The properties of a request that determine how its response is sent: a few bytes, much smaller than a head.
package struct AnsweredRequest: Sendable {
  let kind: RequestKind
  let version: HTTPVersion
  /// Whether the client allows another request.
  let isPersistent: Bool

  /// For input that is not a request: its response is the last.
  package static let unreadable = AnsweredRequest(kind: .other, version: .http11, isPersistent: false)
}

extension RequestHead {
  /// The properties of the request that determine the form of its response.
  package var answered: AnsweredRequest {
    AnsweredRequest(kind: kind, version: version, isPersistent: isPersistent)
  }
}

extension ResponseSerializer {
  /// For the response to this request, by this plan.
  package init(answering request: AnsweredRequest, as plan: ResponsePlan) {
    self.init(kind: request.kind, version: request.version, isPersistent: plan.isPersistent)
  }
}
