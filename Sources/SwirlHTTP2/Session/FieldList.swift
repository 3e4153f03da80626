#if HTTP2
import CNGHTTP2
import HTTPTypes

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
    let end = endOfLine(from: 0)
    let methodEnd = bytes[..<end].firstIndex(of: 0x20) ?? end
    let targetEnd = bytes[..<end].lastIndex(of: 0x20) ?? end
    let isConnect = bytes[..<methodEnd].elementsEqual("CONNECT".utf8)
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
    let end = endOfLine(from: 0)
    let code = (bytes[..<end].firstIndex(of: 0x20) ?? end - 4) + 1
    let isUpgrade = bytes[code..<code + 3].elementsEqual("101".utf8)
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

  private func endOfLine(from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] != 0x0A { end += 1 }
    return end - 1
  }

  private mutating func add(_ name: StaticString, _ value: Text) { entries.append((.constant(name), value)) }

  /// Adds the fields that are not the connection's, without the one of the name `excluded`; returns the value of Host.
  private mutating func addFields(from start: Int, without excluded: String? = nil) -> Range<Int>? {
    var start = start
    var host: Range<Int>?
    var connection: Range<Int>?
    while true {
      let end = endOfLine(from: start)
      if end <= start { break }
      var colon = start
      while bytes[colon] != UInt8(ascii: ":") {
        if (0x41...0x5A).contains(bytes[colon]) { bytes[colon] |= 0x20 }
        colon += 1
      }
      let (name, value) = (start..<colon, trimmed(colon + 1..<end))
      switch name.count {
      case 2 where equals("te", name) && !String(decoding: bytes[value], as: UTF8.self).isTrailers: break
      case 4 where equals("host", name): host = host ?? value
      case 7 where equals("upgrade", name): break
      case 10 where equals("connection", name): connection = value
      case 10 where equals("keep-alive", name): break
      case 16 where equals("proxy-connection", name): break
      case 17 where equals("transfer-encoding", name): break
      case _ where excluded.map { equals($0, name) } ?? false: break
      default: entries.append((.part(name), .part(value)))
      }
      start = end + 2
    }
    if let connection { removeFields(namedBy: connection) }
    return host
  }

  /// Removes the fields that Connection names.
  private mutating func removeFields(namedBy connection: Range<Int>) {
    let names = String(decoding: bytes[connection], as: UTF8.self).lowercased().split { $0 == "," || $0 == " " }
    entries.removeAll { entry in
      guard case .part(let name) = entry.name else { return false }
      return names.contains { bytes[name].elementsEqual($0.utf8) }
    }
  }

  private func equals(_ name: String, _ range: Range<Int>) -> Bool { bytes[range].elementsEqual(name.utf8) }

  /// The value of the first field of this name, in any case.
  private func value(of name: String, from start: Int) -> Range<Int>? {
    var start = start
    while true {
      let end = endOfLine(from: start)
      if end <= start { return nil }
      let colon = start + name.utf8.count
      if colon < end, bytes[colon] == UInt8(ascii: ":"),
        zip(bytes[start..<colon], name.utf8).allSatisfy({ $0 | 0x20 == $1 })
      {
        return trimmed(colon + 1..<end)
      }
      start = end + 2
    }
  }

  private func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
    while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
    return start..<end
  }

  /// Passes the list to `body`. The pointers are valid during the call only; the library copies what it keeps.
  mutating func withFields<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
    fields.removeAll(keepingCapacity: true)
    return bytes.withUnsafeMutableBufferPointer { bytes in
      // An empty list of trailers has no address.
      let base = bytes.baseAddress ?? UnsafeMutablePointer(bitPattern: 1)!
      for entry in entries {
        let (name, nameLength) = entry.name.at(base)
        let (value, valueLength) = entry.value.at(base)
        fields.append(
          nghttp2_nv(
            name: name, value: value, namelen: nameLength, valuelen: valueLength,
            flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
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
