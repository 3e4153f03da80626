/// What of a request decides how its answer is sent: a few bytes, where a head is large to pass around.
package struct AnsweredRequest: Sendable {
  let kind: RequestKind
  let version: HTTPVersion
  /// Whether the client allows another request.
  let isPersistent: Bool

  /// Of what was no request: its answer is the last.
  package static let unreadable = AnsweredRequest(kind: .other, version: .http11, isPersistent: false)
}

extension RequestHead {
  /// What of it decides how it is answered.
  package var answered: AnsweredRequest {
    AnsweredRequest(kind: kind, version: version, isPersistent: isPersistent)
  }
}

extension ResponseSerializer {
  /// For the answer to this request, as it was planned.
  package init(answering request: AnsweredRequest, as plan: ResponsePlan) {
    self.init(kind: request.kind, version: request.version, isPersistent: plan.isPersistent)
  }
}
