extension HTTPServer {
  /// A piece around handlers that is ready to use, such as `.cors` and `.sessions`, for `intercept` of a
  /// ``RouteGroup``.
  public struct Middleware: CustomStringConvertible {
    /// Such as `cors`.
    public let name: String
    let interceptor: Interceptor

    /// - Parameters:
    ///   - name: its name, for people.
    ///   - interceptor: called on the reactor's thread for each request.
    public init(_ name: String, _ interceptor: @escaping Interceptor) {
      self.name = name
      self.interceptor = interceptor
    }

    /// Its name.
    public var description: String { name }
  }
}

extension RouteGroup {
  /// Puts a piece around the routes of this group, as `intercept` does with a function.
  ///
  /// ```swift
  /// router.intercept(.cors(origins: ["https://app.example.org"]))
  /// ```
  public final func intercept(_ piece: HTTPServer.Middleware) { add(piece.interceptor) }
}
