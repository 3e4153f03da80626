public import HTTPTypes
public import SwirlDeferred

/// What an interceptor answers without the handler: `return .status(.unauthorized)`, beside `return next(request)`.
extension Deferred where Value == HTTPServer.Response {
  /// A response without content, which is there: ``HTTPServer/Response/status(_:)``.
  public static func status(_ status: HTTPResponse.Status) -> Deferred<HTTPServer.Response> {
    .succeed(.status(status))
  }

  /// Text, as UTF-8, which is there: ``HTTPServer/Response/text(_:status:)``.
  public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Deferred<HTTPServer.Response> {
    .succeed(.text(text, status: status))
  }

  /// A redirect, which is there: ``HTTPServer/Response/redirect(to:status:)``.
  public static func redirect(
    to location: String, status: HTTPResponse.Status = .found
  ) -> Deferred<HTTPServer.Response> { .succeed(.redirect(to: location, status: status)) }

  /// A redirect of this kind, which is there: ``HTTPServer/Response/redirect(_:to:)``.
  public static func redirect(
    _ kind: HTTPServer.Response.Redirect, to location: String
  ) -> Deferred<HTTPServer.Response> { .succeed(.redirect(kind, to: location)) }
}
