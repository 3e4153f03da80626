import HTTPTypes
import SwirlHTTPCore

extension HTTPServer {
  /// The cookies that a client has sent, in its order (RFC 6265bis §4.2, §5.8.3).
  ///
  /// The client says nothing but name and value, and another site or a script may have set them: see
  /// ``Request/session``.
  public struct Cookies: Sendable, RandomAccessCollection {
    private let pairs: [(name: String, value: String)]

    /// - Parameter fields: the values of the Cookie fields; over HTTP/2 there may be many (RFC 9113 §8.2.3).
    init(_ fields: [String]) {
      pairs = fields.flatMap { $0.utf8.split(separator: UInt8(ascii: ";")) }.compactMap { pair in
        // Without a name it is ignored: its value could pose as another cookie.
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = pair[..<equals].trimmed
        if name.isEmpty { return nil }
        var value = pair[pair.index(after: equals)...].trimmed
        if value.count >= 2, value.first == UInt8(ascii: "\""), value.last == UInt8(ascii: "\"") {
          value = value.dropFirst().dropLast()
        }
        return (String(Substring(name)), String(Substring(value)))
      }
    }

    /// The value of the first cookie with this name, without quotes around it: of several the client sends the one with
    /// the longest path first. Names are case-sensitive.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// The first position.
    public var startIndex: Int { 0 }
    /// The number of cookies.
    public var endIndex: Int { pairs.count }
    /// The name and value at a position.
    public subscript(position: Int) -> (name: String, value: String) { pairs[position] }
  }
}

extension HTTPServer.Request {
  /// The cookies that the client has sent. Builds a new value on each access. A malformed one does not take the others
  /// with it. Tornado: `get_cookie`; aiohttp: `cookies`.
  public var cookies: HTTPServer.Cookies { HTTPServer.Cookies(headers[values: .cookie]) }
}

extension HTTPServer.StreamedRequest {
  /// The cookies that the client has sent. Builds a new value on each access.
  public var cookies: HTTPServer.Cookies { request.cookies }
}

extension Substring.UTF8View {
  /// Without surrounding spaces and tabs.
  fileprivate var trimmed: Substring.UTF8View {
    var text = drop(while: \.isBlank)
    while let last = text.last, last.isBlank { text = text.dropLast() }
    return text
  }
}
