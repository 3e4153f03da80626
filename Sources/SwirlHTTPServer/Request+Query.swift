import SwirlHTTPCore

extension HTTPServer.Request {
  /// The parts of the path between its slashes, percent-decoded: an encoded slash does not split.
  public var pathComponents: [String] {
    path.utf8.split(separator: UInt8(ascii: "/")).map { String(percentDecoding: $0, plusIsSpace: false) }
  }

  /// The names and values of the query, decoded as HTML forms encode them (WHATWG URL,
  /// `application/x-www-form-urlencoded`), in order.
  public var queryItems: [(name: String, value: String)] {
    Self.formItems(query ?? "")
  }

  /// The value of the first query item with this name. Tornado: `get_query_argument`; Twisted: `request.args`.
  public func queryValue(_ name: String) -> String? {
    queryItems.first { $0.name == name }?.value
  }

  /// The names and values of an HTML form's body in the format `application/x-www-form-urlencoded`.
  public var formItems: [(name: String, value: String)] {
    Self.formItems(text)
  }

  private static func formItems(_ text: String) -> [(name: String, value: String)] {
    text.utf8.split(separator: UInt8(ascii: "&")).map { item in
      let equals = item.firstIndex(of: UInt8(ascii: "="))
      return (
        name: String(percentDecoding: item[..<(equals ?? item.endIndex)], plusIsSpace: true),
        value: equals.map { String(percentDecoding: item[item.index(after: $0)...], plusIsSpace: true) } ?? ""
      )
    }
  }
}

extension String {
  /// Decodes `%41` to `A`. A percent sign without two hexadecimal digits stays unchanged.
  fileprivate init(percentDecoding encoded: Substring.UTF8View, plusIsSpace: Bool) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var rest = encoded
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = rest.first?.hexValue, let low = rest.dropFirst().first?.hexValue {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    self = String(decoding: bytes, as: UTF8.self)
  }
}
