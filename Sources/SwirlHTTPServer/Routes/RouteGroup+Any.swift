public import HTTPTypes
public import SwirlDeferred

extension RouteGroup {
  /// Adds a route for a method of your choice.
  ///
  /// - Parameters:
  ///   - method: the method; methods are case-sensitive.
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func on(
    _ method: HTTPRequest.Method, _ path: String, name: String? = nil, bodyLimit: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(method, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for a method of your choice, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func on(
    _ method: HTTPRequest.Method, _ path: String, name: String? = nil, bodyLimit: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(method, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Adds a route for a method that is given as text: `router.on("PROPFIND", "/{path*}") { … }`. Text that is no method
  /// (RFC 9110 §9.1) is a mistake of the program, and traps.
  public final func on(
    _ method: String, _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.init(checked: method), path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for a method that is given as text, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func on(
    _ method: String, _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID,
    line: UInt = #line, _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.init(checked: method), path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Adds a route for all methods that have no route of their own at this path. See above.
  public final func any(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(nil, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for all other methods at this path, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func any(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(nil, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Adds a route whose handler is called when the head of a request has arrived, and reads the body as it arrives: see
  /// ``HTTPServer/streaming(configuration:_:)``.
  ///
  /// ```swift
  /// router.streaming(.put, "/files/{path*}", bodyLimit: 1 << 30) { request in
  ///   Deferred {
  ///     for try await bytes in request.body { try await file.write(bytes) }
  ///     return .status(.noContent)
  ///   }
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - method: the method; nil for all that have no route of their own at this path.
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread.
  public final func streaming(
    _ method: HTTPRequest.Method?, _ path: String, name: String? = nil, bodyLimit: Int? = nil,
    file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.StreamedRequest) throws -> Deferred<HTTPServer.Response>
  ) {
    add(method, path, RouteOptions(name, bodyLimit, file, line), .streaming(handler))
  }
}

extension HTTPRequest.Method {
  fileprivate init(checked text: String) {
    guard let method = Self(text) else {
      fatalError(
        "\(text.debugDescription) is no method: it has letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 §9.1)")
    }
    self = method
  }
}
