import Foundation
import Swirl

/// A part of -F: `name=value`, `name=@FILE` for a file, `name=<FILE` for its content as a value; then attributes, such
/// as `;type=text/html` and `;filename="a;b.html"`.
struct FormPart {
  let part: HTTPClient.Body.Part

  /// - Parameter isChunked: whether the form is sent without its length. That takes a part without one.
  init(_ text: String, isLiteral: Bool, isChunked: Bool) throws {
    guard let sign = text.firstIndex(of: "=") else {
      throw UsageError(words: "a part is name=value or name=@FILE, not \(text)")
    }
    let name = String(text[..<sign])
    let rest = text[text.index(after: sign)...]
    guard !isLiteral else {
      part = .init(name, Self.bytes(Array(rest.utf8), nil, isChunked))
      return
    }
    let isFile = rest.hasPrefix("@")
    let isContent = rest.hasPrefix("<")
    let (value, attributes) = Self.split(isFile || isContent ? rest.dropFirst() : rest)
    if isFile {
      let fileName = attributes["filename"] ?? URL(filePath: value).lastPathComponent
      let type = attributes["type"] ?? (value == "-" ? nil : Self.type(of: fileName))
      let body = value == "-" ? Self.bytes(try readAll("-"), type, isChunked) : try Self.file(value, type, isChunked)
      part = .init(name, body, fileName: fileName)
    } else {
      let bytes = isContent ? try readAll(value) : Array(value.utf8)
      part = .init(name, Self.bytes(bytes, attributes["type"], isChunked), fileName: attributes["filename"])
    }
  }

  private static func bytes(_ bytes: [UInt8], _ type: String?, _ isChunked: Bool) -> HTTPClient.Body {
    isChunked ? Upload.chunked(bytes, type) : .bytes(bytes, contentType: type)
  }

  private static func file(_ path: String, _ type: String?, _ isChunked: Bool) throws -> HTTPClient.Body {
    do {
      let file = try HTTPClient.Body.file(path, contentType: type)
      return isChunked ? Upload.chunked(file: path, file.contentType) : file
    } catch let error as FileError {
      throw InputError(path: path, reason: error.reason)
    }
  }

  /// The value and what follows it after semicolons. In quotes a semicolon means itself.
  private static func split(_ text: Substring) -> (String, [String: String]) {
    var rest = text
    let value = word(&rest)
    var attributes: [String: String] = [:]
    while rest.popFirst() == ";" {
      rest = rest.drop { $0 == " " }
      let name = rest.prefix { $0 != "=" && $0 != ";" }
      rest = rest[name.endIndex...]
      if rest.first == "=" { rest.removeFirst() }
      attributes[name.lowercased()] = word(&rest)
    }
    // The type may have attributes of its own, such as ;charset=utf-8.
    if let type = attributes["type"], let charset = attributes["charset"] {
      attributes["type"] = "\(type);charset=\(charset)"
    }
    return (value, attributes)
  }

  private static func word(_ rest: inout Substring) -> String {
    guard rest.first == "\"" else {
      let word = rest.prefix { $0 != ";" }
      rest = rest[word.endIndex...]
      return String(word)
    }
    rest.removeFirst()
    var word = ""
    while let letter = rest.popFirst(), letter != "\"" {
      word.append(letter == "\\" ? rest.popFirst() ?? "\\" : letter)
    }
    return word
  }

  /// The type that curl guesses from the end of the name.
  private static func type(of name: String) -> String {
    switch URL(filePath: name).pathExtension.lowercased() {
    case "gif": "image/gif"
    case "jpg", "jpeg": "image/jpeg"
    case "png": "image/png"
    case "svg": "image/svg+xml"
    case "txt": "text/plain"
    case "htm", "html": "text/html"
    case "pdf": "application/pdf"
    case "xml": "application/xml"
    default: "application/octet-stream"
    }
  }
}
