import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore

extension HTTPClient.Body {
  /// One field of a form that is sent in parts (RFC 7578).
  public struct Part: Sendable {
    let name: String
    let fileName: String?
    let body: HTTPClient.Body

    /// - Parameters:
    ///   - name: the name of the field.
    ///   - body: its content.
    ///   - fileName: the file name for the server, if the field is a file.
    public init(_ name: String, _ body: HTTPClient.Body, fileName: String? = nil) {
      self.name = name
      self.body = body
      self.fileName = fileName
    }

    /// A field with text.
    public init(_ name: String, _ text: String) {
      self.init(name, .bytes(Array(text.utf8)))
    }

    /// A field with a file, which is read while it is sent.
    /// - Throws: `FileError`, if it does not exist or is not a file.
    public init(_ name: String, file path: String, contentType: String? = nil) throws {
      let fileName = path.split(separator: "/").last.map(String.init) ?? path
      self.init(name, try .file(path, contentType: contentType), fileName: fileName)
    }
  }

  /// The fields of a form in parts, `multipart/form-data` (RFC 7578); files among them are read while they are sent.
  public static func multipart(_ parts: [Part]) -> HTTPClient.Body {
    var random = HouseRandom()
    let boundary = "swirl-\(random.token())"
    var makers: [@Sendable () -> any BodySource] = []
    var length: Int? = 0
    var isReplayable = true
    func add(_ text: String) {
      let bytes = Array(text.utf8)
      length = length.map { $0 + bytes.count }
      makers.append { BytesSource(bytes) }
    }
    for part in parts {
      var head = "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part.name.partEncoded)\""
      if let fileName = part.fileName { head += "; filename=\"\(fileName.partEncoded)\"" }
      // A value with a line end could inject a field.
      if let type = part.body.contentType, HTTPField.isValidValue(type) { head += "\r\nContent-Type: \(type)" }
      add(head + "\r\n\r\n")
      switch part.body.content {
      case .bytes(let bytes): makers.append { BytesSource(bytes) }
      case .source(_, let canReplay, let make):
        makers.append(make)
        isReplayable = isReplayable && canReplay
      }
      if let partLength = part.body.length { length = length.map { $0 + partLength } } else { length = nil }
      add("\r\n")
    }
    add("--\(boundary)--\r\n")
    let sources = makers
    return HTTPClient.Body(
      .source(length: length, isReplayable: isReplayable) { ChainSource(sources) },
      "multipart/form-data; boundary=\(boundary)")
  }
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
