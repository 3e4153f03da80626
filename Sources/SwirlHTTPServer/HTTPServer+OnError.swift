public import HTTPTypes
import Logging
import SwirlHTTPCore
import SwirlReactor

extension HTTPServer {
  /// What a client gets an error response for: see ``HTTPServer/onError``.
  public struct Failure {
    /// The request; nil if the input was not a request.
    public let request: Request?
    /// The status that it gets.
    public let status: HTTPResponse.Status
    /// The text for the client, without a line break at its end.
    public let text: String
    /// Fields that the response needs, such as `Allow`.
    public let headers: HTTPFields
    /// The error of the handler, if that is not a ``StatusError``: for a log, not for the client.
    public let error: (any Error)?
  }

  /// The response for a failure: that of ``onError``, or our own text.
  func response(to failure: StatusError, _ request: Request?, _ error: (any Error)? = nil) -> Response {
    guard let onError else { return failure.response }
    let facts = Failure(
      request: request, status: failure.status, text: failure.text, headers: failure.headers, error: error)
    do {
      guard var response = try onError(facts) else { return failure.response }
      if case .prepared = response.content {
        guard let reactor = Reactor.running ?? anyReactor else { return failure.response }
        response = try response.preparedNow(for: request, on: reactor)
      }
      var missing = HTTPFields()
      for field in failure.headers where response.headers[fields: field.name].isEmpty { missing.append(field) }
      if !missing.isEmpty { response = response.with(missing) }
      return response
    } catch {
      log("onError failed: \(error)", of: request)
      return failure.response
    }
  }
}

extension HTTPServer.Response {
  /// What the server makes of an error when it is sent: the response of ``HTTPServer/onError``, or our own text. Until
  /// then it has the status, and fields may be added.
  static func failure(_ error: HTTPServer.StatusError) -> HTTPServer.Response {
    HTTPServer.Response(error.status, .prepared(.init { _, _, response in throw error.with(response.headers) }))
  }
}

/// An error, with fields for the response that its client gets: an interceptor has added them.
struct ErrorWithFields: Error, CustomStringConvertible {
  let error: any Error
  let fields: HTTPFields
  var description: String { "\(error)" }
}

extension HTTPServer.StatusError {
  func with(_ fields: HTTPFields) -> HTTPServer.StatusError {
    var all = headers
    all.merge(fields)
    return HTTPServer.StatusError(status, text, headers: all)
  }
}
