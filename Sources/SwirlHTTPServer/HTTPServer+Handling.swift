import SwirlReactor

extension HTTPServer {
  /// What is decided on the content of a request whose head has come. An error of ``decideOnBody`` is a response.
  func decision(on request: Request) -> BodyDecision.Choice {
    if let refusal = refusal(of: request) { return .refuse(response(to: refusal, request)) }
    guard let decideOnBody else { return .accept(limit: request.context?.bodyLimit) }
    do {
      let choice = try decideOnBody(request).choice
      if case .accept(nil) = choice { return .accept(limit: request.context?.bodyLimit) }
      guard case .refuse(let response) = choice, case .prepared = response.content else { return choice }
      guard let reactor = Reactor.running ?? anyReactor else { return .refuse(.internalServerError) }
      return .refuse(try response.preparedNow(for: request, on: reactor))
    } catch {
      return .refuse(failureResponse(error, to: request))
    }
  }
}
