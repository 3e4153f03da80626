import Foundation
import Swirl

/// The URLs of a pattern: `{one,two}` stands for each of its words, and `[1-3]`, `[01-10:2]` and `[a-z]` for each of a
/// range.
struct URLPattern {
  /// One of the URLs.
  struct Match {
    var url = ""
    /// What stands in the first place, the second …: `#1`, `#2` in the name of -o.
    var words: [String] = []

    /// The name of a file, with the words in it.
    func name(_ text: String) -> String {
      var name = text
      for (index, word) in words.enumerated().reversed() { name = name.replacing("#\(index + 1)", with: word) }
      return name
    }
  }

  /// A pattern for more URLs is a slip of the keys.
  private static let most = 100_000
  private(set) var matches = [Match()]

  init(_ text: String) throws {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "{":
        let words = try Self.inner(&rest, "}", of: text).split(separator: ",", omittingEmptySubsequences: false)
        try add(words.map(String.init), of: text)
      case "[":
        let inner = try Self.inner(&rest, "]", of: text)
        // An IPv6 address is in brackets, too; a zone may follow it.
        if SocketAddress(ip: String(inner.prefix { $0 != "%" }), port: 0) != nil {
          append("[\(inner)]")
        } else {
          try add(Self.range(String(inner), of: text), of: text)
        }
      case "}", "]": throw PatternError(text: text)
      case "\\" where rest.first.map { "{}[]".contains($0) } ?? false: append(String(rest.removeFirst()))
      default: append(String(character))
      }
    }
  }

  /// A URL that means itself.
  init(literal text: String) { matches = [Match(url: text)] }

  private mutating func append(_ text: String) {
    for index in matches.indices { matches[index].url += text }
  }

  private mutating func add(_ words: [String], of text: String) throws {
    guard matches.count * words.count <= Self.most else { throw PatternError(text: text) }
    matches = matches.flatMap { match in words.map { Match(url: match.url + $0, words: match.words + [$0]) } }
  }

  private static func inner(_ rest: inout Substring, _ end: Character, of text: String) throws -> Substring {
    let inner = rest.prefix { $0 != end }
    guard !inner.isEmpty, inner.endIndex < rest.endIndex else { throw PatternError(text: text) }
    rest = rest[inner.endIndex...].dropFirst()
    return inner
  }

  private static func range(_ inner: String, of text: String) throws -> [String] {
    let halves = inner.split(separator: ":", omittingEmptySubsequences: false)
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count <= 2, ends.count == 2, let step = halves.count == 2 ? Int(halves[1]) : 1, step > 0 else {
      throw PatternError(text: text)
    }
    if let first = Int(ends[0]), let last = Int(ends[1]), (0...last).contains(first), (last - first) / step < most {
      // A zero at its start gives all of them the same width.
      let width = ends[0].hasPrefix("0") ? ends[0].count : 0
      return stride(from: first, through: last, by: step).map { number in
        String(repeating: "0", count: max(0, width - String(number).count)) + String(number)
      }
    }
    guard let first = Character(letter: ends[0])?.asciiValue, let last = Character(letter: ends[1])?.asciiValue,
      first <= last, step <= 25
    else { throw PatternError(text: text) }
    return stride(from: first, through: last, by: step).map { String(Character(Unicode.Scalar($0))) }
  }
}

extension Character {
  fileprivate init?(letter text: Substring) {
    guard text.count == 1, let character = text.first, character.isASCII, character.isLetter else { return nil }
    self = character
  }
}

/// A malformed pattern.
struct PatternError: Error, CustomStringConvertible {
  let text: String
  var description: String {
    "\(HTTPClient.Request(text).redactedURL): {a,b} and [1-3] in a URL stand for several; with -g they mean themselves"
  }
}
