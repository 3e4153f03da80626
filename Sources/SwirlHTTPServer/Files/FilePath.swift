import SwirlHTTPCore

/// The path of a request as names below a directory: bytes, since names need not be UTF-8.
struct FilePath: Sendable, Equatable {
  let names: [[UInt8]]
  /// Whether it ends with a slash, as that of a directory does.
  let hasSlash: Bool

  static let dot = UInt8(ascii: ".")

  /// nil for a path that names no file: see ``StaticFiles``.
  /// - Parameters:
  ///   - path: percent-encoded. It is split before it is decoded, so that an encoded slash is part of a name.
  ///   - showsHidden: whether names may begin with a dot.
  init?(_ path: String, showsHidden: Bool) {
    var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    // A path is behind a slash, or behind a prefix that has it.
    if parts.count > 1, parts[0].isEmpty { parts.removeFirst() }
    hasSlash = parts.last?.isEmpty == true
    if hasSlash { parts.removeLast() }
    var names: [[UInt8]] = []
    for part in parts {
      let name = Array(part).span.percentDecoded
      let isHidden = name.first == Self.dot && !(showsHidden || name.elementsEqual(".well-known".utf8))
      let isUp = name == [Self.dot] || name == [Self.dot, Self.dot]
      let hasSeparator = name.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == 0 }
      if name.isEmpty || isHidden || isUp || hasSeparator { return nil }
      names.append(name)
    }
    self.names = names
  }
}
