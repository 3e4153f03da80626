#if HTTP2
import CNGHTTP2
import HTTPTypes
import SwirlHTTPCore

/// The fields of an outgoing message, for the library, which copies them.
///
/// They come from a head in the form of HTTP/1, whose bytes were validated, and point into it: they are passed on while
/// it is there. The library makes names lower case. The fields of the connection stay behind (RFC 9113 §8.2.2). One
/// list serves message after message, so that it keeps its memory.
struct FieldList {
  private var fields: [nghttp2_nv] = []
  private var byteCount = 0
  /// Whether these are the fields of an informational response.
  private(set) var isInformational = false

  /// Takes the fields of a request. Its Upgrade field becomes the protocol of an extended CONNECT (RFC 8441 §4), where
  /// that is wanted.
  mutating func load(requestHead head: UnsafeBufferPointer<UInt8>, isSecure: Bool, isExtendedConnect: Bool = false) {
    begin(head.count)
    let end = head.span.firstCarriageReturn(from: 0)
    var methodEnd = 0
    while methodEnd < end, head[methodEnd] != UInt8(ascii: " ") { methodEnd += 1 }
    var targetEnd = end - 1
    while targetEnd > methodEnd, head[targetEnd] != UInt8(ascii: " ") { targetEnd -= 1 }
    let target = Text(head, methodEnd + 1..<targetEnd)
    let isConnect = methodEnd == 7 && head.span.matches("CONNECT", at: 0)
    let upgrade = isExtendedConnect ? value(of: "upgrade", in: head, from: end + 2) : nil
    add(":method", upgrade == nil ? Text(head, 0..<methodEnd) : Text("CONNECT"))
    if let upgrade { add(":protocol", upgrade) }
    if !isConnect {
      add(":scheme", Text(isSecure ? "https" : "http"))
      add(":path", target)
    }
    let place = fields.count
    add(":authority", target)
    // An extended CONNECT for a WebSocket has no key (RFC 8441 §5).
    let host = addFields(of: head, from: end + 2, without: upgrade == nil ? nil : "sec-websocket-key")
    // Pseudo-header fields precede the others (RFC 9113 §8.3).
    if isConnect { return }
    if let host { fields[place] = Self.field(Text(":authority"), host) } else { fields.remove(at: place) }
  }

  /// Takes the fields of a response. A 101 accepts an extended CONNECT, which HTTP/2 does by 200 (RFC 8441 §5).
  mutating func load(responseHead head: UnsafeBufferPointer<UInt8>) {
    begin(head.count)
    let end = head.span.firstCarriageReturn(from: 0)
    // Behind `HTTP/1.1 `.
    let code = 9
    let isUpgrade = head.span.matches("101", at: code)
    isInformational = head[code] == UInt8(ascii: "1") && !isUpgrade
    add(":status", isUpgrade ? Text("200") : Text(head, code..<code + 3))
    _ = addFields(of: head, from: end + 2)
  }

  /// Takes trailers, and passes the list to `body`.
  mutating func withTrailers<Result>(_ trailers: HTTPFields, _ body: (borrowing FieldList) -> Result) -> Result {
    var bytes: [UInt8] = []
    var places: [(name: Range<Int>, value: Range<Int>)] = []
    for field in trailers {
      let name = bytes.count
      bytes += field.name.canonicalName.utf8
      let value = bytes.count
      field.withUnsafeBytesOfValue { bytes += $0 }
      places.append((name..<value, value..<bytes.count))
    }
    return bytes.withUnsafeBufferPointer { bytes in
      begin(bytes.count)
      for place in places { fields.append(Self.field(Text(bytes, place.name), Text(bytes, place.value))) }
      return body(self)
    }
  }

  /// What the library sends at most: it drops longer fields without a word, so they are refused before.
  static let limit = 1 << 20

  /// Whether the fields are longer than the library sends, as it reckons.
  var isTooLong: Bool { 12 + 28 * fields.count + byteCount > Self.limit }

  /// Passes the fields to `body`, while the head that they point into is there.
  func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
    fields.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
  }

  private mutating func begin(_ byteCount: Int) {
    fields.removeAll(keepingCapacity: true)
    self.byteCount = byteCount
    isInformational = false
  }

  private mutating func add(_ name: StaticString, _ value: Text) { fields.append(Self.field(Text(name), value)) }

  private static func field(_ name: Text, _ value: Text) -> nghttp2_nv {
    // The library keeps the address of a constant, and copies what lives shorter.
    var flags = NGHTTP2_NV_FLAG_NONE.rawValue
    if name.isConstant { flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue }
    if value.isConstant { flags |= NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue }
    return nghttp2_nv(
      name: name.start, value: value.start, namelen: name.count, valuelen: value.count, flags: UInt8(flags))
  }

  /// Adds the fields that are not the connection's, without the one of the name `excluded`; returns the value of Host.
  private mutating func addFields(
    of head: UnsafeBufferPointer<UInt8>, from start: Int, without excluded: StaticString? = nil
  ) -> Text? {
    var start = start
    var host: Text?
    var connection: Text?
    while let (name, value) = Self.nextField(of: head, at: &start) {
      switch name.count {
      case 2 where name.equals("te") && !value.equals("trailers"): break
      case 4 where name.equals("host"): host = host ?? value
      case 7 where name.equals("upgrade"): break
      case 10 where name.equals("connection"): connection = value
      case 10 where name.equals("keep-alive"): break
      case 16 where name.equals("proxy-connection"): break
      case 17 where name.equals("transfer-encoding"): break
      case excluded?.utf8CodeUnitCount where name.equals(excluded!): break
      default: fields.append(Self.field(name, value))
      }
    }
    if let connection { removeFields(namedBy: connection) }
    return host
  }

  /// The field line at `start`, which becomes the place behind it; nil for the empty line.
  @inline(__always)
  private static func nextField(
    of head: UnsafeBufferPointer<UInt8>, at start: inout Int
  ) -> (name: Text, value: Text)? {
    // A value has no control characters but tabs.
    let end = head.span.firstCarriageReturn(from: start)
    if end == start || end == head.count { return nil }
    defer { start = end + 2 }
    var colon = start
    while head[colon] != UInt8(ascii: ":") { colon += 1 }
    return (Text(head, start..<colon), Text(head, head.span.trimmed(colon + 1..<end)))
  }

  /// Removes the fields that Connection names.
  private mutating func removeFields(namedBy connection: Text) {
    let names = connection.string.lowercased().split { $0 == "," || $0 == " " }
    fields.removeAll { field in
      // Those of the message itself have no such name.
      if field.name[0] == UInt8(ascii: ":") { return false }
      let name = String(decoding: UnsafeBufferPointer(start: field.name, count: field.namelen), as: UTF8.self)
      return names.contains { $0 == name.lowercased() }
    }
  }

  /// The value of the first field of this name, in any case.
  private func value(of name: StaticString, in head: UnsafeBufferPointer<UInt8>, from start: Int) -> Text? {
    var start = start
    while let field = Self.nextField(of: head, at: &start) { if field.name.equals(name) { return field.value } }
    return nil
  }
}

/// A name or a value: a constant, or a part of the head.
private struct Text {
  /// The library does not write to it.
  let start: UnsafeMutablePointer<UInt8>
  let count: Int
  let isConstant: Bool

  init(_ head: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
    start = UnsafeMutablePointer(mutating: head.baseAddress!) + range.lowerBound
    count = range.count
    isConstant = false
  }

  init(_ text: StaticString) {
    start = UnsafeMutablePointer(mutating: text.utf8Start)
    count = text.utf8CodeUnitCount
    isConstant = true
  }

  /// Whether it is this text, in any case.
  func equals(_ lowercase: StaticString) -> Bool {
    UnsafeBufferPointer(start: start, count: count).span.equals(lowercase, in: 0..<count)
  }

  var string: String { String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self) }
}
#endif
