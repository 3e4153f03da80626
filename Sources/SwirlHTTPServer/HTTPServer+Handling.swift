import SwirlDeferred
import SwirlReactor

extension HTTPServer {
  /// Calls the handler with a request whose content is there.
  func handle(_ request: Request, on reactor: Reactor) throws -> Deferred<Response> {
    let request = decodesBodies ? try decoded(request) : request
    return switch handler {
    case .plain(let handler): .succeed(try handler(request))
    case .deferred(let handler): try handler(request)
    case .streaming(let handler): try handler(StreamedRequest(request, on: reactor))
    }
  }

  /// What is decided on the content of a request whose head has come. An error of ``decideOnBody`` is a response.
  func decision(on request: Request) -> BodyDecision.Choice {
    guard let decideOnBody else { return .accept(limit: nil) }
    do {
      let choice = try decideOnBody(request).choice
      guard case .refuse(let response) = choice, case .prepared = response.content else { return choice }
      log("a file can't refuse a body: refuse with a text", of: request)
      return .refuse(.internalServerError)
    } catch { return .refuse(failureResponse(error, to: request)) }
  }
}
