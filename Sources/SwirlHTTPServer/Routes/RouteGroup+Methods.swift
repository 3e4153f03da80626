import HTTPTypes
public import SwirlDeferred

// For each method three functions: a handler that returns a response, one that returns a Deferred, and one that awaits,
// whose message says what to write. `file` and `line` are for messages about conflicts, and left to the compiler.
extension RouteGroup {
  // MARK: - GET

  /// Adds a route for GET. It answers HEAD, too: the server omits the body.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func get(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.get, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for GET, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func get(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.get, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func get(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - HEAD

  /// Adds a route for HEAD.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func head(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.head, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for HEAD, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func head(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.head, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func head(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - POST

  /// Adds a route for POST.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func post(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.post, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for POST, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func post(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.post, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func post(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - PUT

  /// Adds a route for PUT.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func put(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.put, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for PUT, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func put(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.put, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func put(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - PATCH

  /// Adds a route for PATCH.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func patch(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.patch, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for PATCH, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func patch(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.patch, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func patch(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - DELETE

  /// Adds a route for DELETE.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func delete(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.delete, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for DELETE, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func delete(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.delete, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func delete(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }

  // MARK: - OPTIONS

  /// Adds a route for OPTIONS.
  ///
  /// - Parameters:
  ///   - path: its path, such as `/users/{id}` or `/files/{path*}`: see ``Router``.
  ///   - name: for ``Router/url(for:_:query:)``.
  ///   - bodyLimit: the maximum size of a body in bytes, beyond it 413; nil for that of the server.
  ///   - file: the caller's file; left to the compiler.
  ///   - line: the caller's line; left to the compiler.
  ///   - handler: called on the reactor's thread, as that of an ``HTTPServer``.
  public final func options(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response
  ) {
    add(.options, path, RouteOptions(name, bodyLimit, file, line), .plain(handler))
  }

  /// Adds a route for OPTIONS, with an asynchronous handler. See above.
  @_disfavoredOverload  // so that a handler that only throws is no riddle
  public final func options(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) throws -> Deferred<HTTPServer.Response>
  ) {
    add(.options, path, RouteOptions(name, bodyLimit, file, line), .deferred(handler))
  }

  /// Unavailable: its message says what to write instead.
  @available(
    *, unavailable, message: "a handler that awaits returns a Deferred: { request in Deferred { try await … } }"
  )
  public final func options(
    _ path: String, name: String? = nil, bodyLimit: Int? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ handler: @escaping (HTTPServer.Request) async throws -> HTTPServer.Response
  ) { fatalError() }
}
