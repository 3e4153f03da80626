#if HTTP2
import CNGHTTP2
import HTTPTypes
import SwirlHTTPCore

/// The fields of an outgoing message, for the library, which copies them.
///
/// They come from a head in the form of HTTP/1, whose bytes were validated. The fields of the connection stay behind
/// (RFC 9113 §8.2.2). One list serves message after message, so that it keeps its memory.
struct FieldList {
  /// A name is a constant, or a part of the bytes.
  fileprivate enum Text {
    case constant(StaticString)
    case part(Range<Int>)
  }

  private var bytes: [UInt8] = []
  private var entries: [(name: Text, value: Text)] = []
  private var fields: [nghttp2_nv] = []
  /// Whether these are the fields of an informational response.
  private(set) var isInformational = false

  /// Takes the fields of a request. Its Upgrade field becomes the protocol of an extended CONNECT (RFC 8441 §4), where
  /// that is wanted.
  mutating func load(requestHead head: [UInt8], isSecure: Bool, isExtendedConnect: Bool = false) {
    begin(head)
    let end = bytes.span.firstCarriageReturn(from: 0)
    var methodEnd = 0
    while methodEnd < end, bytes[methodEnd] != UInt8(ascii: " ") { methodEnd += 1 }
    var targetEnd = end - 1
    while targetEnd > methodEnd, bytes[targetEnd] != UInt8(ascii: " ") { targetEnd -= 1 }
    let isConnect = methodEnd == 7 && bytes.span.matches("CONNECT", at: 0)
    let upgrade = isExtendedConnect ? value(of: "upgrade", from: end + 2) : nil
    add(":method", upgrade == nil ? .part(0..<methodEnd) : .constant("CONNECT"))
    if let upgrade { add(":protocol", .part(upgrade)) }
    if !isConnect {
      add(":scheme", .constant(isSecure ? "https" : "http"))
      add(":path", .part(methodEnd + 1..<targetEnd))
    }
    let place = entries.count
    add(":authority", .part(methodEnd + 1..<targetEnd))
    // An extended CONNECT for a WebSocket has no key (RFC 8441 §5).
    let host = addFields(from: end + 2, without: upgrade == nil ? nil : "sec-websocket-key")
    // Pseudo-header fields precede the others (RFC 9113 §8.3).
    if isConnect { return }
    if let host { entries[place].value = .part(host) } else { entries.remove(at: place) }
  }

  /// Takes the fields of a response. A 101 accepts an extended CONNECT, which HTTP/2 does by 200 (RFC 8441 §5).
  mutating func load(responseHead head: [UInt8]) {
    begin(head)
    let end = bytes.span.firstCarriageReturn(from: 0)
    // Behind `HTTP/1.1 `.
    let code = 9
    let isUpgrade = bytes.span.matches("101", at: code)
    isInformational = bytes[code] == UInt8(ascii: "1") && !isUpgrade
    add(":status", isUpgrade ? .constant("200") : .part(code..<code + 3))
    _ = addFields(from: end + 2)
  }

  mutating func load(trailers: HTTPFields) {
    begin([])
    for field in trailers {
      let name = bytes.count
      bytes += field.name.canonicalName.utf8
      let value = bytes.count
      field.withUnsafeBytesOfValue { bytes += $0 }
      entries.append((.part(name..<value), .part(value..<bytes.count)))
    }
  }

  /// What the library sends at most: it drops longer fields without a word, so they are refused before.
  static let limit = 1 << 20

  /// Whether the fields are longer than the library sends, as it reckons.
  var isTooLong: Bool { 12 + 28 * entries.count + bytes.count > Self.limit }

  private mutating func begin(_ head: [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    bytes += head
    entries.removeAll(keepingCapacity: true)
    isInformational = false
  }

  private mutating func add(_ name: StaticString, _ value: Text) { entries.append((.constant(name), value)) }

  /// Adds the fields that are not the connection's, without the one of the name `excluded`; returns the value of Host.
  private mutating func addFields(from start: Int, without excluded: StaticString? = nil) -> Range<Int>? {
    var start = start
    var host: Range<Int>?
    var connection: Range<Int>?
    while let (name, value) = nextField(at: &start) {
      switch name.count {
      case 2 where equals("te", name) && !String(decoding: bytes[value], as: UTF8.self).isTrailers: break
      case 4 where equals("host", name): host = host ?? value
      case 7 where equals("upgrade", name): break
      case 10 where equals("connection", name): connection = value
      case 10 where equals("keep-alive", name): break
      case 16 where equals("proxy-connection", name): break
      case 17 where equals("transfer-encoding", name): break
      case excluded?.utf8CodeUnitCount where equals(excluded!, name): break
      default: entries.append((.part(name), .part(value)))
      }
    }
    if let connection { removeFields(namedBy: connection) }
    return host
  }

  /// The field line at `start`, whose name becomes lower case, and `start` the place behind it; nil for the empty line.
  private mutating func nextField(at start: inout Int) -> (name: Range<Int>, value: Range<Int>)? {
    // A value has no control characters but tabs.
    let end = bytes.span.firstCarriageReturn(from: start)
    if end == start || end == bytes.count { return nil }
    var line = bytes.mutableSpan
    var colon = start
    while line[colon] != UInt8(ascii: ":") {
      if (0x41...0x5A).contains(line[colon]) { line[colon] |= 0x20 }
      colon += 1
    }
    defer { start = end + 2 }
    return (start..<colon, bytes.span.trimmed(colon + 1..<end))
  }

  /// Removes the fields that Connection names.
  private mutating func removeFields(namedBy connection: Range<Int>) {
    let names = String(decoding: bytes[connection], as: UTF8.self).lowercased().split { $0 == "," || $0 == " " }
    entries.removeAll { entry in
      guard case .part(let name) = entry.name else { return false }
      return names.contains { bytes[name].elementsEqual($0.utf8) }
    }
  }

  private func equals(_ name: StaticString, _ range: Range<Int>) -> Bool { bytes.span.equals(name, in: range) }

  /// The value of the first field of this name, in any case.
  private func value(of name: StaticString, from start: Int) -> Range<Int>? {
    var start = start
    while true {
      let end = bytes.span.firstCarriageReturn(from: start)
      if end == start || end == bytes.count { return nil }
      let colon = start + name.utf8CodeUnitCount
      if colon < end, bytes[colon] == UInt8(ascii: ":"), equals(name, start..<colon) {
        return bytes.span.trimmed(colon + 1..<end)
      }
      start = end + 2
    }
  }

  /// Passes the list to `body`. The pointers are valid during the call only; the library copies what it keeps.
  mutating func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
    fields.removeAll(keepingCapacity: true)
    return bytes.withUnsafeMutableBufferPointer { bytes in
      // An empty list of trailers has no address.
      let base = bytes.baseAddress ?? UnsafeMutablePointer(bitPattern: 1)!
      fields.append(addingCapacity: entries.count) { fields in
        for entry in entries {
          let (name, nameLength) = entry.name.at(base)
          let (value, valueLength) = entry.value.at(base)
          fields.append(
            nghttp2_nv(
              name: name, value: value, namelen: nameLength, valuelen: valueLength,
              flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
        }
      }
      return fields.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
  }
}

extension FieldList.Text {
  fileprivate func at(_ base: UnsafeMutablePointer<UInt8>) -> (UnsafeMutablePointer<UInt8>, Int) {
    switch self {
    // The library does not write to it.
    case .constant(let text): (UnsafeMutablePointer(mutating: text.utf8Start), text.utf8CodeUnitCount)
    case .part(let range): (base + range.lowerBound, range.count)
    }
  }
}

extension String {
  fileprivate var isTrailers: Bool { lowercased() == "trailers" }
}
#endif
