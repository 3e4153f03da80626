/// A path as the system sees it: bytes.
package struct SystemPath: SystemBytes, Hashable, CustomStringConvertible {
  package let systemBytes: [UInt8]

  package init(_ path: some SystemBytes) { systemBytes = path.systemBytes }

  /// For messages: invalid UTF-8 is replaced by U+FFFD.
  package var description: String { String(decoding: systemBytes, as: UTF8.self) }

  /// C would stop at a zero byte, and open a file of another name.
  package var hasZeroByte: Bool { systemBytes.contains(0) }

  package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    // The array ends with a zero byte.
    (systemBytes + [0]).withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
  }

  /// The longest file name in bytes (NAME_MAX).
  private static let longestName = 255

  /// Another name in the same directory. It does not extend this one's name, which may have the maximum length already.
  package func beside(_ name: String) -> SystemPath { SystemPath(directory + Array(name.utf8)) }

  /// The path for a file until it is complete: its name with `.part`. A name that is too long for that is cut and gets
  /// a hash, so that it is unique and the same each time.
  package var partial: SystemPath {
    let name = name
    if name.count + Self.suffix.count <= Self.longestName { return SystemPath(systemBytes + Self.suffix) }
    let hash = Array(".\(String(Self.hash(name), radix: 16))".utf8)
    var start = name.prefix(Self.longestName - Self.suffix.count - hash.count)
    // Do not cut within a UTF-8 sequence.
    while let last = start.last, name[start.endIndex] & 0xc0 == 0x80, last & 0x80 != 0 { start.removeLast() }
    return SystemPath(directory + start + hash + Self.suffix)
  }

  private static let suffix = Array(".part".utf8)

  /// FNV-1a, because `Hasher` differs from process to process.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private var directory: [UInt8] {
    Array(systemBytes[..<((systemBytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)])
  }
  private var name: [UInt8] { Array(systemBytes.dropFirst(directory.count)) }
}
