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

  /// The same as another type, such as `Int`; nil for other text, too.
  public func queryValue<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type) -> Value? {
    queryValue(name).flatMap { Value($0) }
  }

  /// The values of all query items with this name, in order. Tornado: `get_query_arguments`.
  public func queryValues(_ name: String) -> [String] {
    queryItems.filter { $0.name == name }.map(\.value)
  }

  /// The names and values of an HTML form's body in the format `application/x-www-form-urlencoded`.
  public var formItems: [(name: String, value: String)] {
    Self.formItems(text)
  }

  /// The value of the first of ``formItems`` with this name. Tornado: `get_body_argument`; Flask: `request.form`.
  public func formValue(_ name: String) -> String? {
    formItems.first { $0.name == name }?.value
  }

  /// The same as another type, such as `Int`; nil for other text, too.
  public func formValue<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type) -> Value? {
    formValue(name).flatMap { Value($0) }
  }

  /// The values of all of ``formItems`` with this name, in order: those of checkboxes. Tornado: `get_body_arguments`.
  public func formValues(_ name: String) -> [String] {
    formItems.filter { $0.name == name }.map(\.value)
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

extension HTTPServer.StreamedRequest {
  /// The parts of the path: see ``HTTPServer/Request/pathComponents``.
  public var pathComponents: [String] { request.pathComponents }

  /// The names and values of the query: see ``HTTPServer/Request/queryItems``.
  public var queryItems: [(name: String, value: String)] { request.queryItems }

  /// The value of the first query item with this name.
  public func queryValue(_ name: String) -> String? { request.queryValue(name) }

  /// The same as another type, such as `Int`; nil for other text, too.
  public func queryValue<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type) -> Value? {
    request.queryValue(name, as: type)
  }

  /// The values of all query items with this name, in order.
  public func queryValues(_ name: String) -> [String] { request.queryValues(name) }
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
