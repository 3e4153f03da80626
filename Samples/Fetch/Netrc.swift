import Foundation

/// The credentials of `~/.netrc`: words in the order `machine HOST login USER password PASSWORD`, or `default` for all
/// other hosts.
struct Netrc {
  private let words: [String]

  init(_ options: Options) throws {
    let path = options.netrcFile ?? (ProcessInfo.processInfo.environment["HOME"] ?? "") + "/.netrc"
    do { words = Self.words(of: String(decoding: try readAll(path), as: UTF8.self)) } catch
      where options.netrcIsOptional
    {
      words = []
    }
  }

  /// The user and the password, or nil if the file has neither the host nor a default.
  /// - Parameter wanted: the user whose password it looks for; nil for the first one.
  func credentials(for host: String, user wanted: String?) -> (user: String, password: String)? {
    var rest = words[...]
    var (isMeant, user, password) = (false, String?.none, "")
    var found: (user: String, password: String)? {
      guard isMeant, let user = user ?? wanted, user == wanted ?? user else { return nil }
      return (user, password)
    }
    while let word = rest.popFirst() {
      switch word {
      case "machine", "default":
        if let found { return found }
        (user, password) = (nil, "")
        isMeant = word == "default" || rest.popFirst()?.lowercased() == host.lowercased()
      case "login": if let name = rest.popFirst(), isMeant { user = name }
      case "password": if let secret = rest.popFirst(), isMeant { password = secret }
      case "account": rest = rest.dropFirst()
      default: break
      }
    }
    return found
  }

  /// A macro reaches to an empty line; quotes may have blanks and escapes in them.
  private static func words(of text: String) -> [String] {
    var words: [String] = []
    var isMacro = false
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      if isMacro || line.hasPrefix("#") {
        isMacro = isMacro && !line.isEmpty
        continue
      }
      var rest = line.drop(while: \.isWhitespace)
      while let first = rest.first {
        if first == "\"" {
          words.append(quoted(&rest))
        } else {
          let word = rest.prefix { !$0.isWhitespace }
          words.append(String(word))
          rest = rest[word.endIndex...]
        }
        rest = rest.drop(while: \.isWhitespace)
      }
      isMacro = words.dropLast().last == "macdef"
    }
    return words
  }

  /// Removes a word in quotes. A backslash makes the next character mean itself, except in `\n`, `\r` and `\t`.
  private static func quoted(_ rest: inout Substring) -> String {
    var word = ""
    rest.removeFirst()
    while let letter = rest.popFirst(), letter != "\"" {
      guard letter == "\\", let escaped = rest.popFirst() else {
        word.append(letter)
        continue
      }
      switch escaped {
      case "n": word += "\n"
      case "r": word += "\r"
      case "t": word += "\t"
      default: word.append(escaped)
      }
    }
    return word
  }
}
