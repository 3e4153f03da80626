/// The rules of a site's `/robots.txt` for one crawler (RFC 9309).
///
/// ```swift
/// let rules = RobotsRules(response.body, for: "swirl-crawler")
/// if rules.allows(url) { … }
/// ```
public struct RobotsRules: Sendable {
  /// A longer file is cut here: §2.5 asks for 500 KiB at least.
  private static let maximumSize = 512 * 1024

  private struct Rule {
    let pattern: [UInt8]
    let allows: Bool
  }
  private var rules: [Rule] = []

  /// Allows everything: for a site without the file, that is any status of 400 to 499 (§2.3.1.3).
  public static let allowAll = RobotsRules()
  /// Disallows everything: for a site whose file is unreachable, that is any status of 500 to 599, or no response
  /// (§2.3.1.4).
  public static let disallowAll: RobotsRules = {
    var rules = RobotsRules()
    rules.rules = [Rule(pattern: Array("/".utf8), allows: false)]
    return rules
  }()

  private init() {}

  /// Reads the file; skips unknown lines.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - agent: the crawler's product token, of letters, `-` and `_` only. The groups that name it apply, in either
  ///     case; without such a group, those for `*` (§2.2.1).
  public init(_ bytes: [UInt8], for agent: String) {
    var own: [Rule] = []
    var general: [Rule] = []
    var isNamed = false
    // The groups of the current lines. A user-agent line behind a rule begins a new group.
    var (isOwn, isGeneral, isInRules) = (false, false, false)
    var lines = bytes.prefix(Self.maximumSize).split(omittingEmptySubsequences: false) { $0 == 0x0A || $0 == 0x0D }
    // A truncated rule would be another rule, and forbid more.
    if bytes.count > Self.maximumSize { lines.removeLast() }
    for line in lines {
      guard let (key, value) = Self.pair(line) else { continue }
      switch key {
      case "user-agent":
        if isInRules { (isOwn, isGeneral, isInRules) = (false, false, false) }
        // Text behind the token, such as a version, is not part of it.
        let token = value.prefix { $0.isASCII && ($0.isLetter || $0 == "-" || $0 == "_") }
        if value == "*" {
          isGeneral = true
        } else if token.lowercased() == agent.lowercased() {
          (isOwn, isNamed) = (true, true)
        }
      case "allow", "disallow":
        isInRules = true
        // An empty pattern matches nothing.
        guard !value.isEmpty else { continue }
        let rule = Rule(pattern: Self.normalized(value, isPattern: true), allows: key == "allow")
        if isOwn { own.append(rule) }
        if isGeneral { general.append(rule) }
      default: continue
      }
    }
    rules = isNamed ? own : general
  }

  /// Whether the crawler may fetch `url`, an absolute URL of the site. The longest matching rule decides; of equally
  /// long ones, the one that allows (§2.2.2). `/robots.txt` itself is always allowed.
  public func allows(_ url: String) -> Bool {
    guard let origin = originOfURL(url), let whole = normalizeURL(url) else { return false }
    let path = Self.normalized(String(whole.dropFirst(origin.count)), isPattern: false)
    if path == Array("/robots.txt".utf8) { return true }
    var best: Rule?
    for rule in rules where Self.matches(rule.pattern, path) {
      if let found = best, found.pattern.count > rule.pattern.count { continue }
      if let found = best, found.pattern.count == rule.pattern.count, found.allows { continue }
      best = rule
    }
    return best?.allows ?? true
  }

  private static func pair(_ line: ArraySlice<UInt8>) -> (String, String)? {
    let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":") else { return nil }
    func trimmed(_ part: Substring) -> String {
      String(String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)).reversed())
    }
    // A byte order mark may stand before the first key.
    let key = trimmed(text[..<colon]).drop { $0 == "\u{FEFF}" }.lowercased()
    return (key, trimmed(text[text.index(after: colon)...]))
  }

  /// Decodes percent-encoded unreserved letters and writes the other escapes in upper case. Encodes bytes beyond ASCII,
  /// and those that are percent-encoded in a URL's path or query (§2.2.2). Also encodes a star and a dollar sign that
  /// are not pattern syntax, as patterns write those that they mean literally (§2.2.3).
  private static func normalized(_ path: String, isPattern: Bool) -> [UInt8] {
    let hex = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    let bytes = Array(path.utf8)
    var index = 0
    while index < bytes.count {
      var byte = bytes[index]
      let isLast = index == bytes.count - 1
      var isEncoded =
        byte >= 0x80 || byte <= 0x20 || "\"'<>^`{}\u{7F}".utf8.contains(byte) || byte == UInt8(ascii: "*") && !isPattern
        || byte == UInt8(ascii: "$") && !(isPattern && isLast)
      if byte == UInt8(ascii: "%"), index + 2 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        byte = value
        isEncoded =
          !(value < 0x80
          && (Character(UnicodeScalar(value)).isLetter || Character(UnicodeScalar(value)).isNumber
            || "-._~".utf8.contains(value)))
        index += 2
      }
      if isEncoded {
        result += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      } else {
        result.append(byte)
      }
      index += 1
    }
    return result
  }

  /// Whether `path` begins with `pattern`, in which `*` matches any run of bytes and a final `$` the end. Backtracks to
  /// the last star only, so its time is at most the product of both lengths.
  private static func matches(_ pattern: [UInt8], _ path: [UInt8]) -> Bool {
    let isAnchored = pattern.last == UInt8(ascii: "$")
    let count = pattern.count - (isAnchored ? 1 : 0)
    var (at, place) = (0, 0)
    var star: (at: Int, place: Int)?
    while true {
      if at == count {
        if !isAnchored || place == path.count { return true }
      } else if pattern[at] == UInt8(ascii: "*") {
        star = (at, place)
        at += 1
        continue
      } else if place < path.count, pattern[at] == path[place] {
        at += 1
        place += 1
        continue
      }
      guard let last = star, last.place < path.count else { return false }
      star = (last.at, last.place + 1)
      (at, place) = (last.at + 1, last.place + 1)
    }
  }
}
