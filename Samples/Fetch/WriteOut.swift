import Foundation
import HTTPTypes
import Swirl
import Terminal

/// The text of -w: `%{variable}`, `%header{name}`, `%%`, `\n`, `\r` and `\t`.
struct WriteOut {
  let variables: [String: Variable]
  let headers: HTTPFields?
  let failed: Bool

  enum Variable {
    case number(String)
    case text(String?)

    var plain: String {
      switch self {
      case .number(let text): text
      case .text(let text): text ?? ""
      }
    }

    var json: String {
      switch self {
      // No status is 000, which is no number of JSON.
      case .number(let text): text == "000" ? "0" : text
      case .text(let text): text.map(quoted) ?? "null"
      }
    }
  }

  /// - Returns: what is for standard output and standard error, in its order.
  func pieces(_ format: String) -> [(text: String, isError: Bool)] {
    var (pieces, isError, rest) = ([(text: String, isError: Bool)](), false, format[...])
    func add(_ text: some StringProtocol) { pieces.append((String(text), isError)) }
    while let character = rest.popFirst() {
      if character == "\\", let next = rest.popFirst() {
        add(["n": "\n", "r": "\r", "t": "\t"][next] ?? "\\\(next)")
      } else if character == "%", rest.first == "%" {
        rest.removeFirst()
        add("%")
      } else if character == "%", let name = word(after: "{", &rest) {
        switch name {
        case "stdout": isError = false
        case "stderr": isError = true
        case "onerror": if !failed { return pieces }
        case "header_json": add(headerJSON)
        case "json": add(json)
        default:
          if let variable = variables[name] {
            add(variable.plain)
          } else {
            tell("fetch: unknown --write-out variable: '\(name)'")
          }
        }
      } else if character == "%", let name = word(after: "header{", &rest) {
        add(HTTPField.Name(name).flatMap { name in headers?.first { $0.name == name }?.value } ?? "")
      } else {
        add(String(character))
      }
    }
    return pieces
  }

  private func word(after start: String, _ rest: inout Substring) -> String? {
    guard rest.hasPrefix(start), let end = rest.firstIndex(of: "}") else { return nil }
    defer { rest = rest[rest.index(after: end)...] }
    return String(rest[..<end].dropFirst(start.count))
  }

  private var json: String {
    "{" + variables.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
  }

  /// Each name once, in lower case, with all its values.
  private var headerJSON: String {
    var names: [HTTPField.Name] = []
    for field in headers ?? [:] where !names.contains(field.name) { names.append(field.name) }
    let members = names.map { name in
      let values = (headers ?? [:]).filter { $0.name == name }.map { quoted($0.value) }
      return "\(quoted(name.canonicalName)):[\(values.joined(separator: ","))]"
    }
    return "{" + members.joined(separator: ",\n") + "\n}"
  }
}

/// A text as a string of JSON.
private func quoted(_ text: String) -> String {
  let escaped = text.unicodeScalars.map { scalar in
    switch scalar {
    case "\"": "\\\""
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case _ where scalar.value < 32: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    default: String(scalar)
    }
  }
  return "\"\(escaped.joined())\""
}
