// What other libraries call the things of this module. The compiler answers with the name here.

extension HTTPServer.Response {
  /// Express: `sendFile`.
  @available(*, unavailable, renamed: "file(_:)")
  public static func sendFile(_ path: String) -> HTTPServer.Response { fatalError() }
  /// The form of the client's response.
  @available(*, unavailable, message: "write .text(…), .html(…), .bytes(…), .json(…) or .status(…)")
  public init(text: String) { fatalError() }
  /// aiohttp: `HTTPNoContent`.
  @available(*, unavailable, message: "write .status(.noContent)")
  public static var noContent: HTTPServer.Response { fatalError() }
  /// aiohttp, Tornado: `set_cookie`.
  @available(*, unavailable, message: "write response.with(try HTTPServer.Cookie(name, value))")
  public func setCookie(_ name: String, _ value: String) -> HTTPServer.Response { fatalError() }
}

extension HTTPServer.Request {
  /// Flask, Foundation.
  @available(*, unavailable, message: "`target` is as sent, `path` without the query; `authority` has the host")
  public var url: String { fatalError() }
  /// Tornado: `get_argument`.
  @available(*, unavailable, renamed: "queryValue(_:)")
  public func getArgument(_ name: String) -> String? { fatalError() }
  /// Tornado: `remote_ip`.
  @available(*, unavailable, renamed: "clientAddress")
  public var remoteIP: String { fatalError() }
  /// aiohttp.
  @available(*, unavailable, renamed: "clientAddress")
  public var remote: String { fatalError() }
  /// Tornado: `get_body_argument`.
  @available(*, unavailable, renamed: "formValue(_:)")
  public func getBodyArgument(_ name: String) -> String? { fatalError() }
  /// Flask.
  @available(*, unavailable, message: "`formValue(name)` has a value, `formItems` all of them")
  public var form: [String: String] { fatalError() }
  /// Tornado: `get_cookie`.
  @available(*, unavailable, message: "write request.cookies[name]")
  public func getCookie(_ name: String) -> String? { fatalError() }
  /// aiohttp: `match_info`.
  @available(*, unavailable, message: "write try request.parameter(name)")
  public var matchInfo: [String: String] { fatalError() }
}

extension RouteGroup {
  /// Express.
  @available(*, unavailable, renamed: "intercept(_:)")
  public func use(_ piece: HTTPServer.Middleware) { fatalError() }
  /// Express.
  @available(*, unavailable, renamed: "intercept(_:)")
  public func use(_ interceptor: @escaping HTTPServer.Interceptor) { fatalError() }
  /// Hummingbird.
  @available(*, unavailable, renamed: "intercept(_:)")
  public func add(middleware: HTTPServer.Middleware) { fatalError() }
  /// aiohttp: `add_static`.
  @available(*, unavailable, message: "write get(\"/static/{path*}\", StaticFiles(directory, at: \"/static\").respond)")
  public func addStatic(_ path: String, _ directory: String) { fatalError() }
}

/// Tornado.
@available(*, unavailable, renamed: "StaticFiles")
public typealias StaticFileHandler = StaticFiles
