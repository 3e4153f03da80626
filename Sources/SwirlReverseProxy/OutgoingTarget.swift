import SwirlHTTPCore
import SwirlHTTPServer

/// The path and query for an upstream: the bytes of the client's, behind the upstream's own path.
struct OutgoingTarget {
  /// The path and query as they came, without the stripped prefix; `*` for OPTIONS of a whole server.
  private let rest: String

  init(_ head: RequestHead, _ configuration: ReverseProxy.Configuration) throws(HTTPServer.StatusError) {
    switch head.targetForm {
    case .authority: throw HTTPServer.StatusError(.methodNotAllowed, "this server makes no tunnels")
    case .asterisk:
      rest = "*"
      return
    case .origin, .absolute: break
    }
    // RFC 9112 §3.2.4: the whole server is meant.
    if head.targetForm == .absolute, head.method == .options, head.pathAndQueryRange.isEmpty {
      rest = "*"
      return
    }
    let bytes = head.bytes
    let path = bytes.span.extracting(head.pathRange)
    if !configuration.passesDotSegments, path.hasDotSegment {
      throw HTTPServer.StatusError(
        .badRequest, "the path has a segment that is . or ..: send it without (RFC 3986 §5.2.4)")
    }
    guard let prefix = path.length(ofPrefix: configuration.strippedPrefix) else {
      throw HTTPServer.StatusError(.notFound)
    }
    let kept = bytes[head.pathRange.lowerBound + prefix..<head.pathAndQueryRange.upperBound]
    rest = (kept.first == UInt8(ascii: "/") ? "" : "/") + String(decoding: kept, as: UTF8.self)
  }

  func text(for upstream: Upstream) -> String { rest == "*" ? rest : upstream.path + rest }
}

extension Span<UInt8> {
  /// Whether a segment of the path is `.` or `..` to some server: encoded, between backslashes, or with a parameter
  /// behind it (`..;x`).
  fileprivate var hasDotSegment: Bool {
    // Nearly every path.
    if !hasDot { return false }
    let decoded = percentDecoded
    let segments = decoded.split(omittingEmptySubsequences: true) {
      $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\")
    }
    return segments.contains { segment in
      let name = segment.prefix { $0 != UInt8(ascii: ";") }
      return name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8)
    }
  }

  private var hasDot: Bool {
    for index in indices where self[index] == UInt8(ascii: ".") || self[index] == UInt8(ascii: "%") { return true }
    return false
  }

  /// How many bytes of the path are `prefix`, which ends where a segment ends. As in routes, an encoded character is
  /// the same as the character, but an encoded slash does not end a segment.
  fileprivate func length(ofPrefix prefix: String) -> Int? {
    let wanted = prefix.split(separator: "/").map { Array($0.utf8) }
    var index = 0
    for segment in wanted {
      guard index < count, self[index] == UInt8(ascii: "/") else { return nil }
      var end = index + 1
      while end < count, self[end] != UInt8(ascii: "/") { end += 1 }
      guard extracting(index + 1..<end).percentDecoded == segment else { return nil }
      index = end
    }
    return index
  }
}
