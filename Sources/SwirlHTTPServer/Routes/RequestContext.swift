import SwirlHTTPCore

extension HTTPServer {
  /// The name and the type of a value that an interceptor gives to the handlers behind it: see
  /// ``Request/subscript(_:)-(Key.Type)``.
  ///
  /// ```swift
  /// enum CurrentUser: HTTPServer.RequestKey { typealias Value = User }
  /// ```
  public protocol RequestKey {
    /// The type of the value.
    associatedtype Value: Sendable
  }
}

/// What is known of a request beside its message. A reference, because each request without any would be as large as
/// this otherwise; the requests of a route share one.
final class RequestContext: Sendable {
  let pattern: RoutePattern?
  let bodyLimit: Int?
  let values: [ObjectIdentifier: any Sendable]

  init(_ pattern: RoutePattern?, bodyLimit: Int?, values: [ObjectIdentifier: any Sendable] = [:]) {
    self.pattern = pattern
    self.bodyLimit = bodyLimit
    self.values = values
  }

  func with(_ values: [ObjectIdentifier: any Sendable]) -> RequestContext {
    RequestContext(pattern, bodyLimit: bodyLimit, values: values)
  }
}

extension HTTPServer.Request {
  /// A value that an interceptor has stored for the handlers behind it; nil without one. aiohttp: `request["user"]`.
  ///
  /// ```swift
  /// router.intercept { request, next in
  ///   var request = request
  ///   request[CurrentUser.self] = try user(of: request)
  ///   return next(request)
  /// }
  /// router.get("/me") { request in .text(request[CurrentUser.self]?.name ?? "a guest") }
  /// ```
  public subscript<Key: HTTPServer.RequestKey>(key: Key.Type) -> Key.Value? {
    get { context?.values[ObjectIdentifier(key)] as? Key.Value }
    set {
      let old = context ?? RequestContext(nil, bodyLimit: nil)
      var values = old.values
      values[ObjectIdentifier(key)] = newValue
      context = old.with(values)
    }
  }
}

extension HTTPServer.StreamedRequest {
  /// A value that an interceptor has stored for the handlers behind it; nil without one.
  public subscript<Key: HTTPServer.RequestKey>(key: Key.Type) -> Key.Value? { request[key] }
}
