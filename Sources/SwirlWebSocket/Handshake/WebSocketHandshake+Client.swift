package import HTTPTypes
package import SwirlHTTPCore

/// The client's side.
extension WebSocketHandshake {
  /// What the server agreed to.
  package struct Agreement: Equatable, Sendable {
    /// The subprotocol, one of those that were offered; nil if the server chose no subprotocol.
    package var subprotocol: String?
    /// permessage-deflate; nil without it.
    package var deflate: WebSocketDeflate.Agreed?
  }

  /// Checks the answer of a server over HTTP/1.1 (RFC 6455 §4.1).
  ///
  /// - Parameters:
  ///   - key: the Sec-WebSocket-Key that was sent.
  ///   - protocols: those that were offered.
  ///   - deflate: what was offered; nil for nothing.
  package static func agreement(
    in head: ResponseHead, key: String, protocols: [String], deflate: WebSocketDeflate?
  ) throws(WebSocketHandshakeError) -> Agreement {
    guard head.statusCode == 101 else {
      throw WebSocketHandshakeError("the status is \(head.statusCode), not 101 (RFC 6455 §4.1)")
    }
    guard list(head.upgrade).map({ $0.lowercased() }) == ["websocket"] else {
      throw WebSocketHandshakeError(
        "the answer has no Upgrade to websocket with the Connection option (RFC 6455 §4.1)")
    }
    let fields = head.fields
    guard fields[.secWebSocketAccept] == accept(key: key) else {
      throw WebSocketHandshakeError(
        "Sec-WebSocket-Accept is \(fields[.secWebSocketAccept] == nil ? "missing" : "not the one for the key")"
          + " (RFC 6455 §4.1)")
    }
    return try agreement(inFields: fields, protocols: protocols, deflate: deflate)
  }

  /// Checks the fields of a 2xx over HTTP/2 (RFC 8441 §5).
  package static func agreement(
    inFields fields: HTTPFields, protocols: [String], deflate: WebSocketDeflate?
  ) throws(WebSocketHandshakeError) -> Agreement {
    var agreement = Agreement()
    if let chosen = fields[.secWebSocketProtocol] {
      guard protocols.contains(chosen) else {
        throw WebSocketHandshakeError("the server chose a subprotocol that was not offered (RFC 6455 §4.1)")
      }
      agreement.subprotocol = chosen
    }
    if let field = fields[.secWebSocketExtensions] {
      guard let extensions = WebSocketExtension.list(field) else {
        throw WebSocketHandshakeError("Sec-WebSocket-Extensions is malformed (RFC 6455 §9.1)")
      }
      guard let deflate, extensions.map(\.name) == [WebSocketDeflate.name] else {
        throw WebSocketHandshakeError("the server chose an extension that was not offered (RFC 6455 §4.1)")
      }
      guard let agreed = deflate.confirm(extensions[0].parameters) else {
        throw WebSocketHandshakeError(
          "the server answered permessage-deflate with parameters that do not fit the offer (RFC 7692 §7.1)")
      }
      agreement.deflate = agreed
    }
    return agreement
  }
}
