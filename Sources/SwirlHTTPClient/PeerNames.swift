// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred

/// Tornado.
@available(*, unavailable, renamed: "HTTPClient") public typealias AsyncHTTPClient = HTTPClient
/// aiohttp.
@available(*, unavailable, renamed: "HTTPClient") public typealias ClientSession = HTTPClient

/// Twisted.
@available(*, unavailable, renamed: "HTTPClient") public typealias Agent = HTTPClient

extension HTTPClient {
  /// AsyncHTTPClient; Twisted: `request`.
  @available(*, unavailable, renamed: "fetch(_:)")
  public func execute(_ request: Request) -> Deferred<Response> { fatalError() }
  /// AsyncHTTPClient, aiohttp, requests.
  @available(*, unavailable, renamed: "fetch(_:)")
  public func get(_ url: String) -> Deferred<Response> { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "fetch(_:)")
  public func request(_ request: Request) -> Deferred<Response> { fatalError() }
  /// aiohttp, requests.
  @available(*, unavailable, message: "client.fetch(HTTPClient.Request(url, method: .post, body: …)) posts")
  public func post(_ url: String, _ body: Body? = nil) -> Deferred<Response> { fatalError() }
  /// AsyncHTTPClient.
  @available(*, unavailable, renamed: "close()")
  public func shutdown() { fatalError() }
  /// AsyncHTTPClient.
  @available(*, unavailable, renamed: "close()")
  public func syncShutdown() { fatalError() }
}

extension HTTPClient.Response {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// requests, aiohttp: `status`.
  @available(*, unavailable, renamed: "status.code")
  public var status_code: Int { fatalError() }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// requests, aiohttp.
  @available(*, unavailable, renamed: "raiseForStatus()")
  public func raise_for_status() throws { fatalError() }
  /// requests, Foundation.
  @available(*, unavailable, renamed: "status.code")
  public var statusCode: Int { fatalError() }
  /// Tornado.
  @available(*, unavailable, renamed: "status.code")
  public var code: Int { fatalError() }
  /// requests.
  @available(*, unavailable, message: "`body` has the bytes, `text` the text")
  public var content: [UInt8] { fatalError() }
}

/// Twisted.
@available(*, unavailable, renamed: "fetch(_:)")
public func getPage(_ url: String) -> Deferred<HTTPClient.Response> { fatalError() }
