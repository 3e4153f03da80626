/// A path, which for the system is bytes.
package struct SystemPath: SystemBytes, Hashable, CustomStringConvertible {
  package let systemBytes: [UInt8]

  package init(_ path: some SystemBytes) { systemBytes = path.systemBytes }

  /// For messages: what is no UTF-8 is repaired.
  package var description: String { String(decoding: systemBytes, as: UTF8.self) }

  /// C would take a zero byte for the end, and so for the name of another file.
  package var hasZeroByte: Bool { systemBytes.contains(0) }

  package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    // It ends with a zero byte.
    (systemBytes + [0]).withUnsafeBytes { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
  }

  /// The most bytes that the name of a file has (NAME_MAX).
  private static let longestName = 255

  /// Another name in the same directory. It has nothing of this one's name, which may be as long as names can be.
  package func beside(_ name: String) -> SystemPath { SystemPath(directory + Array(name.utf8)) }

  /// Where a file is kept until it is whole: `.part` is added to its name.
  package var partial: SystemPath { partial(".part") }

  /// A file beside it with `suffix` added to its name. A name that has no room for that is cut, and told from others by a hash, so that
  /// it is the same each time.
  package func partial(_ suffix: String) -> SystemPath {
    let name = name
    let suffix = Array(suffix.utf8)
    if name.count + suffix.count <= Self.longestName { return SystemPath(systemBytes + suffix) }
    let hash = Array(".\(String(Self.hash(name), radix: 16))".utf8)
    var start = name.prefix(Self.longestName - suffix.count - hash.count)
    // Not within a character of UTF-8.
    while let last = start.last, name[start.endIndex] & 0xc0 == 0x80, last & 0x80 != 0 { start.removeLast() }
    return SystemPath(directory + start + hash + suffix)
  }

  /// FNV-1a, which is the same in each process.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private var directory: [UInt8] {
    Array(systemBytes[..<((systemBytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)])
  }
  private var name: [UInt8] { Array(systemBytes.dropFirst(directory.count)) }
}
