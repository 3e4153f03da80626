public import SwirlHTTPServer

extension HTTPServer {
  /// A server that passes all requests on.
  ///
  /// ```swift
  /// try HTTPServer(ReverseProxy(to: "http://127.0.0.1:9000")).listen(8080)
  /// ```
  public convenience init(configuration: Configuration = Configuration(), _ proxy: ReverseProxy) {
    self.init(streaming: configuration) { request in proxy.respond(to: request) }
  }
}

extension RouteGroup {
  /// Adds a route that passes requests of all methods on, unless the path has a route for the method.
  ///
  /// ```swift
  /// var configuration = ReverseProxy.Configuration()
  /// configuration.strippedPrefix = "/api"
  /// router.any("/api/{path*}", ReverseProxy(to: "http://127.0.0.1:9000", configuration: configuration))
  /// ```
  ///
  /// - Parameters:
  ///   - path: its path, such as `/api/{path*}`: see `Router`.
  ///   - name: for `Router`.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - proxy: passes the requests on.
  public final func any(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ proxy: ReverseProxy
  ) {
    streaming(nil, path, name: name, bodyLimit: bodyLimit, file: file, line: line) { request in
      proxy.respond(to: request)
    }
  }
}
