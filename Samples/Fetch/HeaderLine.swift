import Foundation
import HTTPTypes

/// A field of -H.
struct HeaderLine {
  let name: HTTPField.Name
  /// Nil if the field must not be sent.
  let value: String?

  /// The fields that a value of -H means: one, or those of a file.
  static func lines(_ text: String) throws -> [HeaderLine] {
    guard text.hasPrefix("@") else { return try [HeaderLine(text)] }
    let file = String(decoding: try readAll(String(text.dropFirst())), as: UTF8.self)
    return try file.split(whereSeparator: \.isNewline).map { try HeaderLine(String($0)) }
  }

  private init(_ text: String) throws {
    let end = text.firstIndex(of: ":") ?? text.endIndex
    let rest = text[end...].dropFirst().trimmingCharacters(in: .whitespaces)
    let isEmpty = end == text.endIndex && text.hasSuffix(";")
    guard end < text.endIndex || isEmpty,
      let name = HTTPField.Name(isEmpty ? String(text.dropLast()) : String(text[..<end]))
    else { throw UsageError(words: "a field is 'Name: value', not \(text)") }
    self.name = name
    value = isEmpty ? "" : rest.isEmpty ? nil : rest
  }
}
