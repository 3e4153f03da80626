import SwirlHTTPCore

/// The format of a cache file: a magic name, a hash of the rest, the key, and its responses.
///
/// Reading any bytes gives responses or nil. The hash detects damage, because a file may be truncated or changed
/// anywhere.
enum CacheFile {
  private static let magic = Array("swirl http cache 1\n".utf8)
  private static let hashLength = 32

  /// The name of the file for `key`: of fixed length, without characters that have a meaning in paths.
  static func name(for key: String) -> String {
    MessageDigest.sha256(Array(key.utf8)).hexadecimal + suffix
  }

  static let suffix = ".cache"

  /// Whether this may be the name of a cache file.
  static func isName(_ name: String) -> Bool {
    name.hasSuffix(suffix) && name.utf8.count == 64 + suffix.utf8.count
      && name.utf8.prefix(64).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  static func write(_ responses: [CachedResponse], for key: String) -> [UInt8] {
    var payload: [UInt8] = []
    payload.reserveCapacity(responses.size + key.utf8.count + 64)
    payload.put(Array(key.utf8))
    payload.put(responses.count)
    for response in responses {
      payload.put((response.isHead ? 1 : 0) + (response.isDecoded ? 2 : 0))
      payload.put(response.responseTime)
      payload.put(response.initialAge)
      payload.put(response.variant)
      payload.put(response.head.bytes)
      payload.put(response.body)
    }
    return magic + MessageDigest.sha256(payload) + payload
  }

  /// The responses in `bytes`, if that is a complete file for `key`; otherwise nil.
  static func read(_ bytes: [UInt8], for key: String) -> [CachedResponse]? {
    guard bytes.starts(with: magic), bytes.count >= magic.count + hashLength else { return nil }
    let payload = Array(bytes.dropFirst(magic.count + hashLength))
    guard MessageDigest.sha256(payload) == Array(bytes[magic.count..<magic.count + hashLength]) else { return nil }
    var reader = Reader(payload)
    // Another key may have the same hash, and a file may have been renamed.
    guard let owner = reader.bytes(), owner == Array(key.utf8), let count = reader.number() else { return nil }
    var responses: [CachedResponse] = []
    for _ in 0..<max(0, count) {
      guard let flags = reader.number(), let responseTime = reader.number(), let initialAge = reader.number(),
        let variant = reader.bytes(), let head = reader.bytes(), let body = reader.bytes(),
        let response = CachedResponse(
          head: head, body: body, isHead: flags & 1 != 0, isDecoded: flags & 2 != 0, variant: variant,
          responseTime: responseTime, initialAge: initialAge)
      else { return nil }
      responses.append(response)
    }
    return reader.isAtEnd ? responses : nil
  }

  private struct Reader {
    private let input: [UInt8]
    private var offset = 0

    init(_ input: [UInt8]) { self.input = input }

    var isAtEnd: Bool { offset == input.count }

    mutating func number() -> Int? {
      guard input.count - offset >= 8 else { return nil }
      defer { offset += 8 }
      return Int(truncatingIfNeeded: (0..<8).reduce(UInt64(0)) { $0 | UInt64(input[offset + $1]) << (8 * UInt64($1)) })
    }

    mutating func bytes() -> [UInt8]? {
      guard let count = number(), count >= 0, count <= input.count - offset else { return nil }
      defer { offset += count }
      return Array(input[offset..<offset + count])
    }
  }
}

extension [UInt8] {
  /// Eight bytes, little-endian.
  fileprivate mutating func put(_ number: Int) {
    let bits = UInt64(bitPattern: Int64(number))
    for place in 0..<8 { append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(place)))) }
  }

  /// The count, followed by the bytes.
  fileprivate mutating func put(_ bytes: [UInt8]) {
    put(bytes.count)
    append(contentsOf: bytes)
  }
}
