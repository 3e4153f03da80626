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

  /// `user:password`, or nil if the file has neither the host nor a default.
  func credentials(for host: String) -> String? {
    var rest = words[...]
    var (isMeant, user, password) = (false, String?.none, "")
    while let word = rest.popFirst() {
      switch word {
      case "machine", "default":
        if isMeant, let user { return "\(user):\(password)" }
        isMeant = word == "default" || rest.popFirst()?.lowercased() == host.lowercased()
      case "login": if let name = rest.popFirst(), isMeant { user = name }
      case "password": if let secret = rest.popFirst(), isMeant { password = secret }
      case "account": rest = rest.dropFirst()
      default: break
      }
    }
    return isMeant ? user.map { "\($0):\(password)" } : nil
  }

  /// A macro reaches to an empty line; quotes may have blanks in them.
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
          let word = rest.dropFirst().prefix { $0 != "\"" }
          words.append(String(word))
          rest = rest[word.endIndex...].dropFirst()
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
}
