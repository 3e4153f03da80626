// What other libraries call the things of this module. The compiler answers with the name here.

extension HTTPServer.Response {
  /// Express: `sendFile`.
  @available(*, unavailable, renamed: "file(_:)")
  public static func sendFile(_ path: String) -> HTTPServer.Response { fatalError() }
  /// The form of the client's response.
  @available(*, unavailable, message: "write .text(…), .html(…), .bytes(…), .json(…) or .status(…)")
  public init(text: String) { fatalError() }
}

extension HTTPServer.Request {
  /// Flask, Foundation.
  @available(*, unavailable, message: "`target` is as sent, `path` without the query; `authority` has the host")
  public var url: String { fatalError() }
  /// Tornado: `get_argument`.
  @available(*, unavailable, renamed: "queryValue(_:)")
  public func getArgument(_ name: String) -> String? { fatalError() }
  /// Tornado: `remote_ip`.
  @available(*, unavailable, renamed: "peerAddress")
  public var remoteIP: String { fatalError() }
}

/// Tornado.
@available(*, unavailable, renamed: "StaticFiles")
public typealias StaticFileHandler = StaticFiles
