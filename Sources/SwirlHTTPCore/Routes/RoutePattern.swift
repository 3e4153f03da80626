/// The path of a route, such as `/users/{id}/files/{path*}`, in segments.
///
/// A parameter is a whole segment, so that the place of its value follows from the slashes of a path: matching stores
/// nothing, and a value is looked for when it is read.
package struct RoutePattern: Sendable {
  package enum Segment: Sendable, Hashable {
    /// Canonical: see `RoutePattern.canonical`.
    case literal([UInt8])
    /// One segment that is not empty.
    case parameter(String)
    /// The segments from here, zero or more: the last one of a pattern.
    case rest(String)
  }

  /// As the program wrote it.
  package let text: String
  /// What stands between the slashes. A slash at the end is followed by an empty literal.
  package let segments: [Segment]

  /// - Throws: for text that is no pattern.
  package init(_ text: String) throws(RoutePatternError) {
    self.text = text
    segments = try Self.parse(text)
    var names: Set<String> = []
    for name in parameterNames where !names.insert(name).inserted {
      throw RoutePatternError(text, "it has the parameter {\(name)} twice")
    }
  }

  /// The names of its parameters, in order.
  package var parameterNames: [String] {
    segments.compactMap { segment in
      switch segment {
      case .literal: nil
      case .parameter(let name), .rest(let name): name
      }
    }
  }

  /// Where the value of a parameter is in a path that this pattern matches; nil for another name.
  package func range(of name: String, in path: Span<UInt8>) -> Range<Int>? {
    guard let index = segments.firstIndex(where: { $0 == .parameter(name) || $0 == .rest(name) }) else { return nil }
    var start = 1
    for _ in 0..<index {
      while start < path.count, path[start] != .slash { start += 1 }
      start += 1
    }
    guard start <= path.count else { return path.count..<path.count }
    if case .rest = segments[index] { return start..<path.count }
    var end = start
    while end < path.count, path[end] != .slash { end += 1 }
    return start..<end
  }

  /// A path with each percent-encoded byte decoded, except for the slash, which would split, the question mark, which
  /// would end it, and the percent sign: the form in which patterns and paths are compared (RFC 3986 §6.2.2.2, §2.2).
  package static func canonical(_ path: Span<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(path.count)
    var index = 0
    while index < path.count {
      guard path[index] == .percent, index + 2 < path.count, let high = path[index + 1].hexValue,
        let low = path[index + 2].hexValue
      else {
        bytes.append(path[index])
        index += 1
        continue
      }
      let byte = high << 4 | low
      if byte == .slash || byte == .question || byte == .percent {
        bytes.append(percentEncoding: byte)
      } else {
        bytes.append(byte)
      }
      index += 3
    }
    return bytes
  }
}

extension RoutePattern: CustomStringConvertible {
  /// The text.
  package var description: String { text }
}

/// Why a text is not the path of a route.
package struct RoutePatternError: Error, CustomStringConvertible {
  package let description: String

  init(_ pattern: String, _ reason: String) { description = "the path \"\(pattern)\" is none of a route: \(reason)" }
}

extension UInt8 {
  static let percent = UInt8(ascii: "%")
}
