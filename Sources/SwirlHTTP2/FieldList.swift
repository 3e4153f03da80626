#if HTTP2
import CNGHTTP2
import HTTPTypes

/// The fields of an outgoing message, for the library, which copies them.
///
/// They come from a head in the form of HTTP/1, whose bytes were validated. The fields of the connection stay behind
/// (RFC 9113 §8.2.2).
struct FieldList {
  private var bytes: [UInt8]
  private var entries: [(name: Range<Int>, value: Range<Int>)] = []

  /// The fields of a request.
  init(requestHead head: [UInt8], scheme: String) {
    bytes = head
    entries.reserveCapacity(16)
    let end = endOfLine(from: 0)
    let methodEnd = bytes[..<end].firstIndex(of: 0x20) ?? end
    let targetEnd = bytes[..<end].lastIndex(of: 0x20) ?? end
    let isConnect = bytes[..<methodEnd].elementsEqual("CONNECT".utf8)
    let fields = end + 2
    let authority = value(of: "host", from: fields)
    add(":method", 0..<methodEnd)
    if !isConnect {
      add(":scheme", scheme)
      add(":path", methodEnd + 1..<targetEnd)
    }
    if let authority { add(":authority", isConnect ? methodEnd + 1..<targetEnd : authority) }
    addFields(from: fields)
  }

  /// The fields of a response.
  init(responseHead head: [UInt8]) {
    bytes = head
    entries.reserveCapacity(16)
    let end = endOfLine(from: 0)
    let code = (bytes[..<end].firstIndex(of: 0x20) ?? end - 4) + 1
    add(":status", code..<code + 3)
    addFields(from: end + 2)
  }

  /// Whether these are the fields of an informational response.
  var isInformational: Bool {
    guard let status = entries.first?.value else { return false }
    return bytes[status.lowerBound] == UInt8(ascii: "1")
  }

  init(trailers: HTTPFields) {
    bytes = []
    for field in trailers {
      let name = bytes.count
      bytes += field.name.canonicalName.utf8
      let value = bytes.count
      field.withUnsafeBytesOfValue { bytes += $0 }
      entries.append((name..<value, value..<bytes.count))
    }
  }

  private func endOfLine(from start: Int) -> Int { (bytes[start...].firstIndex(of: 0x0A) ?? bytes.count) - 1 }

  private mutating func add(_ name: String, _ value: Range<Int>) {
    let start = bytes.count
    bytes += name.utf8
    entries.append((start..<bytes.count, value))
  }

  private mutating func add(_ name: String, _ value: String) {
    let start = bytes.count
    bytes += value.utf8
    add(name, start..<bytes.count)
  }

  private mutating func addFields(from start: Int) {
    let named = connectionOptions(from: start)
    var start = start
    while true {
      let end = endOfLine(from: start)
      if end <= start { return }
      var colon = start
      while bytes[colon] != UInt8(ascii: ":") {
        if (0x41...0x5A).contains(bytes[colon]) { bytes[colon] |= 0x20 }
        colon += 1
      }
      let value = trimmed(colon + 1..<end)
      if !isOfConnection(start..<colon, value, named) { entries.append((start..<colon, value)) }
      start = end + 2
    }
  }

  private func isOfConnection(_ name: Range<Int>, _ value: Range<Int>, _ named: [String]) -> Bool {
    switch name.count {
    case 2 where equals("te", name): return !String(decoding: bytes[value], as: UTF8.self).isTrailers
    case 4 where equals("host", name): return true
    case 7 where equals("upgrade", name): return true
    case 10 where equals("connection", name) || equals("keep-alive", name): return true
    case 16 where equals("proxy-connection", name): return true
    case 17 where equals("transfer-encoding", name): return true
    default: return !named.isEmpty && named.contains(String(decoding: bytes[name], as: UTF8.self))
    }
  }

  /// The fields that Connection names.
  private func connectionOptions(from start: Int) -> [String] {
    guard let value = value(of: "connection", from: start) else { return [] }
    return String(decoding: bytes[value], as: UTF8.self).lowercased().split { $0 == "," || $0 == " " }.map(String.init)
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
    let entries = entries
    return bytes.withUnsafeMutableBufferPointer { bytes in
      // An empty list of trailers has no address.
      let base = bytes.baseAddress ?? UnsafeMutablePointer(bitPattern: 1)!
      let fields = entries.map { entry in
        nghttp2_nv(
          name: base + entry.name.lowerBound, value: base + entry.value.lowerBound, namelen: entry.name.count,
          valuelen: entry.value.count, flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue))
      }
      return fields.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
  }
}

extension String {
  fileprivate var isTrailers: Bool { lowercased() == "trailers" }
}
#endif
