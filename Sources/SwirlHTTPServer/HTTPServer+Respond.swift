public import SwirlDeferred
public import SwirlReactor

extension HTTPServer {
  /// What the handler answers to `request`, without a connection: for a test, or a program that gets its requests
  /// elsewhere.
  ///
  /// The handler is called at once, on this thread. A ``StatusError`` that it throws is its response, as it is for a
  /// client; any other error is the failure of the Deferred. ``decideOnBody`` is asked where the request has content;
  /// limits and timeouts do not apply.
  ///
  /// - Parameters:
  ///   - request: see ``Request/init(_:method:headers:body:trailers:peerAddress:)``.
  ///   - reactor: whose thread this is; the thread's own when nil.
  public func respond(to request: Request, on reactor: Reactor? = nil) -> Deferred<Response> {
    var request = request.connection.server == nil ? request.come(to: self) : request
    do {
      let handler = handler(for: &request)
      if request.head.framing != .none, case .refuse(let response)? = try decideOnBody?(request).choice {
        return .succeed(response)
      }
      let reactor = reactor ?? .current
      return answering(
        request,
        try handler.call(decoded(request), on: reactor).addCallback { response in
          guard case .prepared(let content) = response.content else { return .succeed(response) }
          return try content.make(request, reactor, response)
        })
    } catch let error as StatusError {
      return .succeed(self.response(to: error, request))
    } catch {
      return .fail(error)
    }
  }

  private func answering(_ request: Request, _ answer: Deferred<Response>) -> Deferred<Response> {
    answer.addErrback { [self] error in
      let added = error as? ErrorWithFields
      guard let error = (added?.error ?? error) as? StatusError else { throw added?.error ?? error }
      return response(to: error.with(added?.fields ?? [:]), request)
    }
  }
}

extension HTTPServer.Request {
  /// This request as one that has come to a server.
  fileprivate func come(to server: HTTPServer) -> HTTPServer.Request {
    let facts = ConnectionFacts(
      peer: connection.peer, tls: connection.tls, trustedProxies: connection.trustedProxies, server: server.state)
    var request = HTTPServer.Request(head, body: body, trailers: trailers, connection: facts, number: number)
    request.context = context
    return request
  }
}
