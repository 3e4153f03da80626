internal import SwirlHTTPCore

/// One element of Sec-WebSocket-Extensions: the name, and its parameters in their order (RFC 6455 §9.1).
struct WebSocketExtension: Equatable {
  var name: String
  /// A value in quotation marks is without them.
  var parameters: [Parameter] = []

  struct Parameter: Equatable {
    var name: String
    var value: String?
  }

  /// The elements of the field; nil if it is not of that form, for which the handshake fails.
  static func list(_ field: String) -> [WebSocketExtension]? {
    var scanner = Scanner(bytes: Array(field.utf8))
    var found: [WebSocketExtension] = []
    while true {
      // Empty elements are allowed in a list (RFC 9110 §5.6.1).
      while scanner.take(UInt8(ascii: ",")) {}
      if scanner.isAtEnd { return found.isEmpty ? nil : found }
      guard let element = scanner.element() else { return nil }
      found.append(element)
      guard scanner.isAtEnd || scanner.take(UInt8(ascii: ",")) else { return nil }
    }
  }
}

private struct Scanner {
  let bytes: [UInt8]
  var index = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool {
    mutating get {
      skipBlanks()
      return index == bytes.count
    }
  }

  mutating func skipBlanks() {
    while index < bytes.count, bytes[index].isBlank { index += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard !isAtEnd, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  mutating func element() -> WebSocketExtension? {
    guard let name = token() else { return nil }
    var element = WebSocketExtension(name: name)
    while take(UInt8(ascii: ";")) {
      guard let name = token() else { return nil }
      var parameter = WebSocketExtension.Parameter(name: name)
      if take(UInt8(ascii: "=")) {
        guard let value = value() else { return nil }
        parameter.value = value
      }
      element.parameters.append(parameter)
    }
    return element
  }

  mutating func token() -> String? {
    skipBlanks()
    let token = bytes[index...].prefix { $0.isToken }
    index = token.endIndex
    return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
  }

  /// A token, or a string in quotation marks that is one without them.
  mutating func value() -> String? {
    skipBlanks()
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return token() }
    index += 1
    var value: [UInt8] = []
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      if bytes[index] == UInt8(ascii: "\\") { index += 1 }
      guard index < bytes.count, bytes[index].isToken else { return nil }
      value.append(bytes[index])
      index += 1
    }
    guard index < bytes.count, !value.isEmpty else { return nil }
    index += 1
    return String(decoding: value, as: UTF8.self)
  }
}
