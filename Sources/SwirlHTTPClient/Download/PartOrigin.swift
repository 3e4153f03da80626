import HTTPTypes
import SwirlHTTPCore
import SwirlReactor

/// The origin of a partial file. It is stored beside the part, so that a later download resumes only the same
/// representation.
struct PartOrigin: Equatable, Sendable {
  /// The URL of the request.
  let requested: String
  /// The final URL after redirects, without its query, which differs each time for signed URLs.
  let answered: String
  /// The strong validator that came with the part: an ETag, or a Last-Modified (RFC 9110 §13.1.5).
  let validator: [UInt8]
  /// The ETag, which may be weak; empty without one. In bytes, because it may not be UTF-8 (RFC 9110 §8.8.3).
  let tag: [UInt8]
  /// The total length, if the server gave it.
  var total: Int?
  /// The Content-Encoding; empty without one.
  let coding: String

  /// nil if the response has no strong validator.
  init?(_ response: HTTPClient.Response, total: Int?, to request: HTTPClient.Request) {
    guard let validator = Self.strongValidator(of: response) else { return nil }
    requested = request.url
    answered = Self.withoutQuery(response.url)
    self.validator = validator
    tag = response.head.bytes(of: "etag") ?? []
    self.total = total
    coding = response["content-encoding"] ?? ""
  }

  private static func withoutQuery(_ url: String) -> String { String(url.prefix { $0 != "?" && $0 != "#" }) }

  private static func strongValidator(of response: HTTPClient.Response) -> [UInt8]? {
    if let tag = response.head.bytes(of: "etag"), isStrong(tag) { return tag }
    // Two versions from the same second have the same date: a date is strong only if it lies before the response's Date
    // (RFC 9110 §8.8.2.2).
    let now = WallClock.now
    guard let text = response["last-modified"], let modified = HTTPDate.parseAny(text, now: now),
      let date = response["date"].flatMap({ HTTPDate.parseAny($0, now: now) }), modified < date
    else { return nil }
    return Array(text.utf8)
  }

  /// `"…"` and no `W/"…"`, in visible ASCII and bytes beyond it.
  private static func isStrong(_ tag: [UInt8]) -> Bool {
    guard tag.count >= 2, tag.first == UInt8(ascii: "\""), tag.last == UInt8(ascii: "\"") else { return false }
    return tag.dropFirst().dropLast().allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }
  }

  /// Whether a partial response may be of the same representation. It has the ETag that a whole one would have (RFC
  /// 9110 §15.3.7), so one without it is of another. A server may omit other fields that If-Range implies: a missing
  /// field is neutral, a different one excludes it.
  func mayInclude(_ response: HTTPClient.Response, total: Int?) -> Bool {
    let date = validator == tag ? nil : response.head.bytes(of: "last-modified")
    return (response.head.bytes(of: "etag") ?? []) == tag && (date ?? validator) == validator
      && (response["content-encoding"] ?? coding) == coding
      && Self.withoutQuery(response.url) == answered
      && (total ?? self.total) == (self.total ?? total)
  }

  // MARK: - In its file

  private static let title = Array("swirl-part 1".utf8)

  /// One line each: fields and URLs cannot contain line breaks.
  var bytes: [UInt8] {
    let lines = [
      Self.title, Array(requested.utf8), Array(answered.utf8), validator, tag,
      Array((total.map { "\($0)" } ?? "").utf8),
      Array(coding.utf8), [],
    ]
    return Array(lines.joined(separator: "\n".utf8))
  }

  /// nil if it is not such a file, or is truncated.
  init?(bytes: [UInt8]) {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    guard lines.count == 8, lines[0] == Self.title, lines[7].isEmpty, !lines[3].isEmpty else { return nil }
    func text(_ line: Int) -> String { String(decoding: lines[line], as: UTF8.self) }
    requested = text(1)
    answered = text(2)
    validator = lines[3]
    tag = lines[4]
    total = Int(text(5))
    coding = text(6)
  }
}
