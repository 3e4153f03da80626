import HTTPTypes
import SwirlDeferred
import SwirlReactor

extension HTTPServer.Response {
  /// What makes a response when its request and its connection are known.
  struct PreparedContent {
    /// From the response that the handler has returned, with its status and fields.
    let make: (HTTPServer.Request, Reactor, HTTPServer.Response) throws -> Deferred<HTTPServer.Response>
    /// The same at once, on the reactor's thread, which may wait for the disk; nil if that is not possible.
    var makeNow: ((HTTPServer.Request, Reactor, HTTPServer.Response) throws -> HTTPServer.Response)?
  }

  /// This response with its content, for the place of an error: at once, and not by the request's conditions.
  /// - Parameter request: nil if the client has sent no request.
  /// - Throws: if there is no such file.
  func preparedNow(for request: HTTPServer.Request?, on reactor: Reactor) throws -> HTTPServer.Response {
    guard case .prepared(let content) = self.content else { return self }
    guard let makeNow = content.makeNow else {
      throw HTTPServer.StatusError(.internalServerError, "it is an error itself")
    }
    return try makeNow(request ?? HTTPServer.Request("/"), reactor, self)
  }
}
