import HTTPTypes
import SwirlHTTPClient
import SwirlHTTPCore
import SwirlHTTPServer
import SwirlWebSocket

/// A request as an upstream gets it.
struct OutgoingRequest {
  let target: OutgoingTarget
  let method: HTTPRequest.Method
  private let headers: HTTPFields
  private let body: HTTPClient.Body?
  private let expectsContinue: Bool
  /// Whether it opens a WebSocket.
  let isWebSocket: Bool
  /// The Sec-WebSocket-Key of the client; nil if it asks over HTTP/2.
  let clientKey: String?
  /// Whether the client takes trailers (RFC 9110 §6.5.1).
  let takesTrailers: Bool
  let progress = UploadProgress()
  /// The host of the client's request.
  private let authority: String?
  private let configuration: ReverseProxy.Configuration

  /// The names, in lower case, that this proxy writes itself.
  static let ownFields: Set<String> = [
    "host", "forwarded", "x-real-ip", "connection", "content-length", "transfer-encoding", "te", "upgrade", "via",
  ]

  init(_ request: HTTPServer.StreamedRequest, by proxy: ReverseProxy) throws(HTTPServer.StatusError) {
    let head = request.head
    configuration = proxy.configuration
    method = head.method
    // RFC 9110 §9.3.8: it would show a client the fields of proxies.
    if method == .trace { throw HTTPServer.StatusError(.methodNotAllowed, "TRACE is not passed on") }
    target = try OutgoingTarget(head, configuration)
    let received = head.fields
    isWebSocket = head.asksForWebSocket
    if head.version == .http2, head.upgrade != nil, !isWebSocket {
      throw HTTPServer.StatusError(.notImplemented, "the protocol of this CONNECT is not passed on (RFC 9220 §3)")
    }
    clientKey = isWebSocket ? received[.secWebSocketKey] : nil
    takesTrailers = head.version == .http2 || received[values: .te].contains { $0.lowercased().hasWord("trailers") }
    var headers = HopByHopFields.removed(from: received, isRequest: true)
    try Self.countForwards(of: method, &headers)
    try Self.addVia(to: &headers, received, head.version, proxy.pseudonym)
    ForwardedFields(of: request.request, received).write(to: &headers)
    headers[fields: .host] = []
    expectsContinue = head.expectsContinue
    headers[fields: .expect] = []
    if takesTrailers, !isWebSocket {
      headers[.te] = "trailers"
      // HTTP/2 has no Connection; what that names would not be sent.
      if !configuration.mayUseHTTP2 { headers[.connection] = "TE" }
    }
    if isWebSocket, clientKey == nil { headers[.secWebSocketKey] = WebSocketHandshake.makeKey() }
    authority = request.request.authority
    self.headers = headers
    body = head.framing == .none || isWebSocket ? nil : Self.body(of: request, progress)
  }

  private static func body(of request: HTTPServer.StreamedRequest, _ progress: UploadProgress) -> HTTPClient.Body {
    switch request.contentLength {
    case 0: .bytes([])
    case let length?: .relayed(request.body, length: length, progress: progress)
    case nil: .relayed(request.body, length: nil, progress: progress) { request.trailers }
    }
  }

  /// Whether a request may be passed on no further: this server is what it is for (RFC 9110 §7.6.2).
  static func isForProxy(_ head: RequestHead) -> Bool {
    head.method == .options && head["max-forwards"].flatMap { Int($0) } == 0
  }

  /// RFC 9110 §7.6.2: it is for OPTIONS, TRACE being refused.
  private static func countForwards(
    of method: HTTPRequest.Method, _ headers: inout HTTPFields
  ) throws(HTTPServer.StatusError) {
    guard method == .options, let text = headers[.maxForwards] else { return }
    guard let count = Int(text), count > 0 else {
      throw HTTPServer.StatusError(.badRequest, "Max-Forwards is no number")
    }
    headers[fields: .maxForwards] = [HTTPField(name: .maxForwards, value: "\(count - 1)")]
  }

  /// RFC 9110 §7.6.3. Throws for a request that has been here. Looks at what was received: Connection can't remove it.
  private static func addVia(
    to headers: inout HTTPFields, _ received: HTTPFields, _ version: HTTPVersion, _ name: String
  ) throws(HTTPServer.StatusError) {
    let chain = received[values: .via]
    if chain.contains(where: { $0.lowercased().hasWord(name.lowercased()) }) {
      throw HTTPServer.StatusError(
        .init(code: 508, reasonPhrase: "Loop Detected"), "the request has been here already: the upstream sends it back"
      )
    }
    headers[values: .via] = [(chain + ["\(version.number) \(name)"]).joined(separator: ", ")]
  }

  /// As the client of `upstream` takes it.
  func request(to upstream: Upstream) -> HTTPClient.Request {
    var headers = headers
    switch configuration.host {
    case .client: if let authority, !authority.isEmpty { headers[.host] = authority }
    case .upstream: break
    case .fixed(let host): headers[.host] = host
    }
    var request = HTTPClient.Request(upstream.origin + "/", method: method, headers: headers, body: body)
    if body != nil, expectsContinue { request.expectsContinue = true }
    return request
  }
}

extension RequestHead {
  /// Whether it opens a WebSocket. Other protocols do not pass: with `h2c` a client could speak to the upstream past
  /// the routes and fields of this server.
  fileprivate var asksForWebSocket: Bool {
    // The stream of an extended CONNECT stays open, as for content (RFC 8441 §4).
    guard let upgrade, framing == .none || version == .http2, method == .get else { return false }
    return upgrade.lowercased().hasWord("websocket")
  }
}

extension HTTPVersion {
  /// As Via says it.
  var number: String { self == .http2 ? "2.0" : self == .http10 ? "1.0" : "1.1" }
}

extension String {
  /// Whether it has `word` between commas, blanks and semicolons.
  func hasWord(_ word: String) -> Bool { split { ", \t;".contains($0) }.contains { $0 == word } }
}

extension HTTPField.Name {
  static let maxForwards = Self("Max-Forwards")!
}
