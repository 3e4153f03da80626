import Foundation
import HTTPTypes
import Swirl

/// The names of -O and -J.
enum OutputName {
  /// The last part of the path, as it is in the URL.
  static func inURL(_ url: String) throws -> String {
    let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
    let path = rest.prefix { $0 != "?" && $0 != "#" }.drop { $0 != "/" }
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
    // No name would leave the folder.
    guard !["", ".", ".."].contains(name) else {
      throw OutputNameError(words: "the URL has no name for a file: use -o FILE")
    }
    return name
  }

  /// The name in Content-Disposition (RFC 6266), without folders and control characters, or nil.
  static func inHead(_ headers: HTTPFields) -> String? {
    guard let field = headers[.contentDisposition] else { return nil }
    var name = parameter("filename", of: field)
    if let encoded = parameter("filename*", of: field), let start = encoded.range(of: "''") {
      name = encoded[start.upperBound...].removingPercentEncoding ?? name
    }
    let last = name?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? ""
    let safe = String(
      String.UnicodeScalarView(last.unicodeScalars.filter { $0.properties.generalCategory != .control }))
    return ["", ".", ".."].contains(safe) ? nil : safe
  }

  private static func parameter(_ name: String, of field: String) -> String? {
    // A semicolon in quotes is no separator.
    var (parts, isQuoted) = ([""], false)
    for character in field {
      if character == "\"" { isQuoted.toggle() }
      if character == ";", !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
    }
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard pair.count == 2, pair[0].lowercased() == name else { continue }
      return pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
    return nil
  }
}

/// A file cannot have the name that -O or -J gives it.
struct OutputNameError: Error, CustomStringConvertible {
  let words: String
  var description: String { words }
}
