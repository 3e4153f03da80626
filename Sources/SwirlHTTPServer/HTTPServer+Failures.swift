import HTTPTypes
import Logging
import SwirlHTTPCore
import SwirlNet

extension HTTPServer {
  /// The response for an error of the handler: without its details, except for an error with a response.
  func failureResponse(_ error: any Error, to request: Request) -> Response {
    let added = (error as? ErrorWithFields)?.fields ?? HTTPFields()
    let error = (error as? ErrorWithFields)?.error ?? error
    if let error = error as? StatusError { return response(to: error.with(added), request) }
    log("the handler failed: \(error)", of: request)
    return response(to: StatusError(.internalServerError, headers: added), request, error)
  }

  /// A response in place of one that cannot be sent.
  func replacement(
    for error: any Error, to request: Request?, _ reason: String = "the response can't be sent"
  ) -> Response {
    // A success to CONNECT would announce a tunnel (RFC 9110 §9.3.6). A handler without tunnels has not failed: answer
    // for it.
    if case UnsendableResponse.noTunnel = error { return .noTunnel }
    log("\(reason): \(error)", of: request)
    return .internalServerError
  }

  /// The error of a request whose handler has not answered in time, which is logged.
  func lateHandler(_ request: Request?, from peer: SocketAddress?) -> StatusError {
    log("the handler has not answered within \(configuration.handlerTimeout ?? .zero)", of: request, from: peer)
    return StatusError(.serviceUnavailable, "there is no answer yet: try again later")
  }

  func log(_ message: String, of request: Request?, from peer: SocketAddress? = nil) {
    let peer = (request?.peerAddress ?? peer)?.description ?? "-"
    logger.error("\(peer) \"\(request?.requestLine ?? "-")\": \(message)")
  }
}

extension HTTPServer.StatusError {
  static var lateContent: HTTPServer.StatusError { .init(.requestTimeout, "the request body did not come in time") }
}

extension HTTPServer.Response {
  static var internalServerError: HTTPServer.Response {
    .text("500 Internal Server Error\n", status: .internalServerError)
  }

  /// The response to CONNECT if the handler makes no tunnels (RFC 9110 §15.5.6).
  fileprivate static var noTunnel: HTTPServer.Response {
    .text("405 Method Not Allowed: this server makes no tunnels\n", status: .methodNotAllowed)
      .with(.allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
  }
}
