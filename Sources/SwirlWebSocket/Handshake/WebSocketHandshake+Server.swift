package import HTTPTypes
package import SwirlHTTPCore

/// The server's side.
extension WebSocketHandshake {
  /// What a client asks for.
  package struct Offer: Equatable, Sendable {
    /// Its Sec-WebSocket-Key; nil over HTTP/2.
    package var key: String?
    /// The subprotocols that it would speak, the best first; names are compared exactly.
    package var protocols: [String] = []
    /// Its Sec-WebSocket-Extensions, which is well-formed.
    package var extensions: String?
    /// The origin of the page, if a browser asks (RFC 6454).
    package var origin: String?
  }

  /// Checks the request of a client over HTTP/1.1 (RFC 6455 §4.2.1).
  package static func offer(in head: RequestHead) throws(WebSocketRefusal) -> Offer {
    guard head.method == .get else {
      throw WebSocketRefusal(405, "a WebSocket is opened by GET, not \(head.method) (RFC 6455 §4.1)", [.allow: "GET"])
    }
    // Nil for HTTP/1.0, and without the Connection option `upgrade`.
    guard list(head.upgrade).contains(where: { $0.lowercased() == "websocket" }) else {
      throw WebSocketRefusal(
        426, "the request has no Upgrade to websocket by HTTP/1.1, with the Connection option (RFC 6455 §4.2.1)",
        [.upgrade: "websocket", .connection: "upgrade"])
    }
    let fields = head.fields
    var offer = try offer(inFields: fields)
    // Two of them are joined by a comma, which is no key.
    guard let key = fields[.secWebSocketKey], Base64.decodedCount(key) == 16 else {
      throw WebSocketRefusal(400, "Sec-WebSocket-Key is not 16 bytes in base64 (RFC 6455 §4.2.1)")
    }
    offer.key = key
    return offer
  }

  /// Checks the fields of a CONNECT over HTTP/2, whose `:protocol` is websocket: there is no key (RFC 8441 §5).
  package static func offer(inFields fields: HTTPFields) throws(WebSocketRefusal) -> Offer {
    guard fields[.secWebSocketVersion] == version else {
      throw WebSocketRefusal(
        426, "Sec-WebSocket-Version is \(fields[.secWebSocketVersion] ?? "missing"), not 13 (RFC 6455 §4.2.2)",
        [.secWebSocketVersion: version, .upgrade: "websocket", .connection: "upgrade"])
    }
    var offer = Offer()
    offer.origin = fields[.origin]
    offer.protocols = list(fields[.secWebSocketProtocol])
    guard offer.protocols.allSatisfy(isToken), Set(offer.protocols).count == offer.protocols.count,
      fields[.secWebSocketProtocol] == nil || !offer.protocols.isEmpty
    else {
      throw WebSocketRefusal(400, "Sec-WebSocket-Protocol is not a list of different names (RFC 6455 §4.1)")
    }
    if let extensions = fields[.secWebSocketExtensions] {
      guard WebSocketExtension.list(extensions) != nil else {
        throw WebSocketRefusal(400, "Sec-WebSocket-Extensions is malformed (RFC 6455 §9.1)")
      }
      offer.extensions = extensions
    }
    return offer
  }

  private static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0.isToken } }
}
