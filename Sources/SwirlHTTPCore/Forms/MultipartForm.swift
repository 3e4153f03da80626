import HTTPTypes

/// What stands before, between and after the contents of the fields of a form in parts, `multipart/form-data` (RFC
/// 7578).
package struct MultipartForm {
  private let boundary: String

  /// - Parameter token: text that occurs in no content, such as a random number.
  package init(token: String) { boundary = "swirl-\(token)" }

  /// The media type of the form.
  package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

  /// The lines before the content of a field. A media type that is no valid field value is left out: one with a line
  /// end could inject a field.
  package func head(name: String, fileName: String?, contentType: String?) -> [UInt8] {
    var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name.partEncoded)\""
    if let fileName { head += "; filename=\"\(fileName.partEncoded)\"" }
    if let contentType, HTTPField.isValidValue(contentType) { head += "\r\nContent-Type: \(contentType)" }
    return Array("\(head)\r\n\r\n".utf8)
  }

  /// The line end after the content of a field.
  package static let endOfPart = Array("\r\n".utf8)

  /// The last line.
  package var end: [UInt8] { Array("--\(boundary)--\r\n".utf8) }
}

extension String {
  /// By the HTML standard's rule for names of parts: characters that could end the name or its line are
  /// percent-encoded.
  fileprivate var partEncoded: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "%22"
      case "\r": text += "%0D"
      case "\n": text += "%0A"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
