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
    let form = MultipartForm(token: random.token())
    var makers: [@Sendable () -> any BodySource] = []
    var length: Int? = 0
    var isReplayable = true
    func add(_ bytes: [UInt8]) {
      length = length.map { $0 + bytes.count }
      makers.append { BytesSource(bytes) }
    }
    for part in parts {
      add(form.head(name: part.name, fileName: part.fileName, contentType: part.body.contentType))
      switch part.body.content {
      case .bytes(let bytes): makers.append { BytesSource(bytes) }
      case .source(_, let canReplay, let make):
        makers.append(make)
        isReplayable = isReplayable && canReplay
      }
      if let partLength = part.body.length { length = length.map { $0 + partLength } } else { length = nil }
      add(MultipartForm.endOfPart)
    }
    add(form.end)
    let sources = makers
    return HTTPClient.Body(
      .source(length: length, isReplayable: isReplayable) { ChainSource(sources) }, form.contentType)
  }
}
