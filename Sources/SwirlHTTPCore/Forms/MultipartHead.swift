package import HTTPTypes

/// The fields of a form's part (RFC 7578 §4.2 to §4.8).
package struct MultipartHead: Sendable, Equatable {
  package let name: String
  /// As the client sent it: it may be a path.
  package let fileName: String?
  package let contentType: String?
  package let fields: HTTPFields

  /// - Parameter text: the lines before the empty line.
  package init(_ text: String) throws(MultipartError) {
    var fields = HTTPFields()
    for line in text.split(separator: "\r\n", omittingEmptySubsequences: true) {
      guard let colon = line.unicodeScalars.firstIndex(of: ":"), let name = HTTPField.Name(String(line[..<colon]))
      else { throw .badHead("\(line.prefix(80).debugDescription) is no field") }
      let value = String(line[line.unicodeScalars.index(after: colon)...].trimmedOfBlanks)
      guard HTTPField.isValidValue(value) else { throw .badHead("the value of \(name) has a control character") }
      fields.append(HTTPField(name: name, value: value))
    }
    let dispositions = fields[values: .contentDisposition]
    guard dispositions.count == 1, let parameters = Self.parameters(of: dispositions[0], kind: "form-data"),
      let name = parameters["name"]
    else { throw .badHead("it needs one Content-Disposition, form-data with a name") }
    self.name = name.partDecoded
    // `filename*` must not be used in forms (RFC 7578 §4.2).
    fileName = parameters["filename"]?.partDecoded
    contentType = fields[.contentType]
    self.fields = fields
  }

  /// The boundary that a request's Content-Type names.
  package static func boundary(of contentType: String?) throws(MultipartError) -> String {
    guard let contentType, let boundary = parameters(of: contentType, kind: "multipart/form-data")?["boundary"],
      (1...70).contains(boundary.utf8.count), boundary.last != " ",
      boundary.utf8.allSatisfy({ $0.isToken || "(),/:=? ".utf8.contains($0) })
    else { throw .noBoundary }
    return boundary
  }

  /// The parameters behind `kind`, their names in lower case; nil for another kind, and if they are malformed.
  private static func parameters(of value: String, kind: String) -> [String: String]? {
    // By scalars: see `String+FieldValue`.
    var rest = value.unicodeScalars[...]
    let first = rest.prefix { $0 != ";" }
    guard Substring(first).trimmedOfBlanks.utf8.elementsEqual(kind.utf8, by: { $0.lowercased == $1 }) else {
      return nil
    }
    rest = rest[first.endIndex...]
    var parameters: [String: String] = [:]
    while rest.popFirst() != nil {
      rest.skipBlanks()
      if rest.isEmpty || rest.first == ";" { continue }
      let name = rest.prefix { $0 != "=" && $0 != ";" }
      rest = rest[name.endIndex...]
      let key = Substring(name).trimmedOfBlanks
      guard rest.popFirst() == "=", key.utf8.allSatisfy(\.isToken), let value = takeValue(&rest),
        parameters.updateValue(value, forKey: key.lowercased()) == nil
      else { return nil }
      rest.skipBlanks()
      guard rest.isEmpty || rest.first == ";" else { return nil }
    }
    return parameters
  }

  private static func takeValue(_ rest: inout Substring.UnicodeScalarView) -> String? {
    guard rest.first == "\"" else {
      let token = rest.prefix { $0 != ";" }
      rest = rest[token.endIndex...]
      let value = String(Substring(token).trimmedOfBlanks)
      return value.isEmpty ? nil : value
    }
    rest = rest.dropFirst()
    var text = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\"" { return String(text) }
      // Only these two are escaped: a backslash of a path of Windows stands for itself.
      if scalar == "\\", rest.first == "\"" || rest.first == "\\" {
        text.append(rest.removeFirst())
      } else {
        text.append(scalar)
      }
    }
    return nil
  }
}

extension String {
  /// What the HTML standard encodes in names of parts: `%22`, `%0D` and `%0A`.
  fileprivate var partDecoded: String {
    let encoded = Array(utf8)
    guard encoded.contains(.percent) else { return self }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.count)
    var index = 0
    while index < encoded.count {
      let code = encoded[index...].prefix(3)
      if code.count == 3, code.first == .percent, let plain = Self.plain[code.dropFirst().map(\.lowercased)] {
        bytes.append(plain)
        index += 3
      } else {
        bytes.append(encoded[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let plain: [[UInt8]: UInt8] = [
    Array("22".utf8): UInt8(ascii: "\""), Array("0d".utf8): 0x0D, Array("0a".utf8): 0x0A,
  ]
}
