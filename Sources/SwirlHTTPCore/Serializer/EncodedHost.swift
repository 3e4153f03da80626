/// A host that is validated and encoded once, for the Host field of many requests (RFC 9112 §3.2).
package struct EncodedHost: Sendable, Hashable {
  /// The host, and the port if it is not the scheme's default.
  package let name: String
  /// The rest of the request line after the target, and the Host field.
  let bytes: [UInt8]

  /// - Throws: `invalidOutput` if `name` is not a host name, with or without a port.
  package init(_ name: String) throws(HTTPWireError) {
    let text = name.utf8.span
    guard Host.isValid(text, text.indices, portRequired: false) else {
      throw HTTPWireError(.invalidOutput, "the host is not a host name with a port or without (RFC 9112 §3.2)")
    }
    self.name = name
    bytes = Array(" HTTP/1.1\r\nHost: \(name)\r\n".utf8)
  }
}
