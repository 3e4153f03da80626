#if HTTP2
/// The fields of a head or of trailers, in the form of HTTP/1: validated lines, so that one parser reads the heads of
/// both versions.
package struct FieldSection: Sendable {
  /// The start line, if it is a head's, then the field lines and an empty line.
  package private(set) var bytes: [UInt8] = []
  /// The status of a response; zero otherwise.
  package private(set) var status = 0
  /// The pseudo-header fields of a request.
  package private(set) var method: [UInt8] = []
  package private(set) var target: [UInt8] = []
  package private(set) var scheme: [UInt8] = []
  package private(set) var authority: [UInt8]?
  /// The protocol of an extended CONNECT (RFC 8441).
  package private(set) var connectProtocol: [UInt8]?
  private var hasStartLine = false
  private let limit: Int
  private var size = 0
  /// A request's cookies, which may come in several fields (RFC 9113 §8.2.3).
  private var cookies: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  /// Takes a field; false when the section is then longer than allowed (RFC 9113 §6.5.2: 32 bytes are added for each).
  mutating func append(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) -> Bool {
    size += name.count + value.count + 32
    if size > limit { return false }
    if name.first == UInt8(ascii: ":") {
      takePseudo(name, value)
      return true
    }
    beginFields()
    if name.elementsEqual("cookie".utf8), status == 0 {
      if !cookies.isEmpty { cookies += "; ".utf8 }
      cookies += value
      return true
    }
    appendLine(name, value)
    return true
  }

  private mutating func appendLine(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    bytes += name
    bytes += ": ".utf8
    bytes += value
    bytes += "\r\n".utf8
  }

  private mutating func takePseudo(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
    switch String(decoding: name, as: UTF8.self) {
    case ":status": status = value.reduce(0) { $0 * 10 + Int($1 & 0xF) }
    case ":method": method = Array(value)
    case ":path": target = Array(value)
    case ":scheme": scheme = Array(value)
    case ":authority": authority = Array(value)
    case ":protocol": connectProtocol = Array(value)
    default: break
    }
  }

  /// All pseudo-header fields precede the others (RFC 9113 §8.3).
  private mutating func beginFields() {
    if hasStartLine { return }
    hasStartLine = true
    if status != 0 {
      bytes.reserveCapacity(256)
      bytes += "HTTP/1.1 \(status) \r\n".utf8
    } else if !method.isEmpty {
      bytes.reserveCapacity(256)
      bytes += method
      bytes.append(0x20)
      bytes += method.elementsEqual("CONNECT".utf8) ? authority ?? [] : target
      bytes += " HTTP/1.1\r\n".utf8
      if let authority { appendLine("Host".utf8, authority) }
    }
  }

  /// The section is complete.
  mutating func end() {
    beginFields()
    if !cookies.isEmpty { appendLine("Cookie".utf8, cookies) }
    bytes += "\r\n".utf8
  }
}
#endif
