import Foundation

/// Reads a command line as curl does: flags and URLs in any order, `-fsSLo file` for five flags and a value, `--`
/// before URLs that begin with a dash.
///
/// Such a command line is more than a set of options: `-d` and `--data-urlencode` keep their order, and `--next` begins
/// again.
struct CommandParser {
  private(set) var parts = [Options()]
  private let long: [String: Flag]
  private let short: [Character: Flag]
  private var files = 0

  init(_ words: [String]) throws {
    let flags = Flag.table.flatMap(\.flags)
    long = Dictionary(flags.map { ($0.long, $0) }, uniquingKeysWith: { first, _ in first })
    short = Dictionary(
      flags.compactMap { flag in flag.short.map { ($0, flag) } }, uniquingKeysWith: { first, _ in first })
    try read(words)
    let wishes = parts.contains { $0.wish != .transfers }
    for part in parts where !wishes { try check(part) }
  }

  private mutating func read(_ words: [String]) throws {
    var rest = words[...]
    var areFlags = true
    while let word = rest.popFirst() {
      if !areFlags || word == "-" || !word.hasPrefix("-") {
        parts[parts.count - 1].urls.append(word)
      } else if word == "--" {
        areFlags = false
      } else if word.hasPrefix("--") {
        try readLong(word, &rest)
      } else {
        try readShort(word, &rest)
      }
    }
  }

  private mutating func readLong(_ word: String, _ rest: inout ArraySlice<String>) throws {
    let name = String(word.dropFirst(2))
    if let flag = long[name] {
      try apply(flag, flag.takesValue ? value(of: word, &rest) : nil)
    } else if name.hasPrefix("no-"), let flag = long[String(name.dropFirst(3))], !flag.takesValue {
      try apply(flag, nil, isOn: false)
    } else if let sign = name.firstIndex(of: "="), let flag = long[String(name[..<sign])], flag.takesValue {
      try apply(flag, String(name[name.index(after: sign)...]))
    } else {
      throw UsageError(words: "\(word) is no option")
    }
  }

  private mutating func readShort(_ word: String, _ rest: inout ArraySlice<String>) throws {
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      guard let flag = short[letter] else { throw UsageError(words: "-\(letter) is no option") }
      if !flag.takesValue {
        try apply(flag, nil)
      } else if letters.isEmpty {
        try apply(flag, value(of: "-\(letter)", &rest))
      } else {
        try apply(flag, String(letters))
        return
      }
    }
  }

  private func value(of word: String, _ rest: inout ArraySlice<String>) throws -> String {
    guard let value = rest.popFirst() else { throw UsageError(words: "\(word) needs a value") }
    return value
  }

  private mutating func apply(_ flag: Flag, _ value: String?, isOn: Bool = true) throws {
    switch flag.action {
    case .flag where flag.long == "next": parts.append(Options(after: parts[parts.count - 1]))
    case .flag(let set): try set(&parts[parts.count - 1], isOn)
    case .value where flag.long == "config": try readFile(value ?? "")
    case .value(_, let set): try set(&parts[parts.count - 1], value ?? "")
    }
  }

  private func check(_ part: Options) throws {
    if part.urls.isEmpty { throw UsageError(words: "give a URL") }
    let kinds = [
      part.isHead, !part.form.isEmpty, part.uploads.contains { !$0.isEmpty },
      !part.content.isEmpty && !part.putsContentInQuery,
    ]
    if kinds.filter({ $0 }).count > 1 { throw UsageError(words: "-I, -F, -T and -d exclude each other") }
    if part.parallelMaximum < 1 { throw UsageError(words: "--parallel-max takes 1 or more") }
  }

  // MARK: - A file of -K

  /// The most files of which one names the next.
  private static let deepest = 20

  private mutating func readFile(_ path: String) throws {
    files += 1
    guard files <= Self.deepest else { throw UsageError(words: "more than \(Self.deepest) files of -K") }
    let bytes = try readAll(path)
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let line = line.trimmingCharacters(in: .whitespaces)
      if !line.isEmpty, !line.hasPrefix("#") { try read(Self.words(of: line)) }
    }
  }

  /// `name = value`, `name: value`, `--name value` or `-n value`; a value in quotes may have blanks.
  private static func words(of line: String) -> [String] {
    let separators = line.hasPrefix("-") ? " \t" : "=: \t"
    let name = line.prefix { !separators.contains($0) }
    let flag = name.hasPrefix("-") ? String(name) : "--\(name)"
    let rest = line[name.endIndex...].drop { separators.contains($0) }
    if rest.isEmpty { return [flag] }
    guard rest.hasPrefix("\"") else { return [flag, String(rest.prefix { $0 != " " && $0 != "\t" })] }
    var (value, letters) = ("", rest.dropFirst())
    while let letter = letters.popFirst(), letter != "\"" {
      guard letter == "\\" else {
        value.append(letter)
        continue
      }
      switch letters.popFirst() {
      case "n": value += "\n"
      case "r": value += "\r"
      case "t": value += "\t"
      case "v": value += "\u{B}"
      case let other?: value.append(other)
      case nil: break
      }
    }
    return [flag, value]
  }
}

extension Flag {
  var takesValue: Bool { if case .value = action { true } else { false } }
}
