import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor

/// What sends the responses to requests: a connection of HTTP/1, or a stream of HTTP/2.
protocol Responder: AnyObject {
  var server: HTTPServer { get }
  var reactor: Reactor! { get }
  /// The response of an exchange is ready.
  func answer(_ exchange: Exchange, with response: HTTPServer.Response)
  /// A response became ready outside of a read: it can be sent.
  func answerLater()
}

extension Exchange {
  /// Calls the handler, whose response may come later. What runs later has the request of this exchange: a copy of a
  /// request counts four references.
  func wait(
    for responder: any Responder, _ handler: (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    guard let request else { return }
    let server = responder.server
    if server.times.handler != .max { handlerStart = responder.reactor.turnTime }
    do {
      let source = try handler(request)
      self.source = source
      self.responder = responder
      source.addBoth { [self] result in
        self.source = nil
        guard let responder = self.responder.take(), case .waiting = state else { return }
        switch result {
        case .success(let response):
          if case .prepared(let content) = response.content {
            return prepare(response, for: responder, content)
          }
          if server.codesContent, let request = self.request {
            responder.answer(self, with: server.compressed(response, for: request, on: responder.reactor))
          } else {
            responder.answer(self, with: response)
          }
        case .failure(let error):
          if let request = self.request { responder.answer(self, with: server.failureResponse(error, to: request)) }
        }
        responder.answerLater()
      }
    } catch {
      responder.answer(self, with: server.failureResponse(error, to: request))
    }
  }

  /// A handler's response that takes its content from elsewhere.
  func prepare(
    _ response: HTTPServer.Response, for responder: any Responder, _ content: HTTPServer.Response.PreparedContent
  ) {
    guard let reactor = responder.reactor else { return }
    wait(for: responder) { request in
      // Not thrown: outside of a read that would answer without sending.
      do { return try content.make(request, reactor, response) } catch { return .fail(error) }
    }
  }

  /// Lets `write` begin the body of a response whose head is written.
  func stream(
    _ write: (HTTPServer.BodyWriter) throws -> Void, as framing: BodyFraming, status: Int,
    to destination: any BodyDestination
  ) {
    let body = StreamedBody(self, framing, status, to: destination)
    state = .streaming(body)
    do { try write(HTTPServer.BodyWriter(body)) } catch { body.fail(error) }
    // The handler took its time, and the server was stopped meanwhile.
    if destination.isStopping { body.serverStopping() }
  }

  /// When its handler is late; `Int64.max` if it has answered or has no limit.
  func handlerDeadline(_ times: ServerTimes) -> Int64 {
    guard times.handler != .max, case .waiting = state else { return .max }
    let (deadline, overflow) = handlerStart.addingReportingOverflow(times.handler)
    return overflow ? .max : deadline
  }
}
