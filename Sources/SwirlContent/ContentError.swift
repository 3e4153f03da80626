/// Why content can't be decoded: its coding is unknown, its bytes are not what the coding says, or it is larger than is allowed.
public struct ContentError: Error, Sendable, Hashable {
  /// The kind of error, to tell apart in a program; new kinds may be added.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The code's name, as in the source.
    public let description: String
    let status: Int

    init(_ description: String, _ status: Int) {
      self.description = description
      self.status = status
    }
  }

  /// The kind of error.
  public let code: Code

  /// The content coding as `Content-Encoding` names it; the whole field where no one coding is to blame.
  public let coding: String

  /// What is wrong and what to do about it.
  public let message: String

  /// The status a server answers with, when a client sent this: 400, 413 or 415, and 503 where memory ran out.
  public var status: Int { code.status }

  init(_ code: Code, _ coding: String, _ message: String) {
    self.code = code
    self.coding = coding
    self.message = message
  }
}

extension ContentError: CustomStringConvertible {
  /// The message, with the code's name.
  public var description: String { "\(message) [\(code)]" }
}

extension ContentError.Code {
  /// `Content-Encoding` names a coding that is not decoded here.
  public static let unsupportedCoding = Self("unsupportedCoding", 415)
  /// `Content-Encoding` names more codings, one in the other, than anyone sends in earnest.
  public static let tooManyCodings = Self("tooManyCodings", 415)
  /// The bytes are not what the coding says, or its checksum is wrong.
  public static let corrupt = Self("corrupt", 400)
  /// The content ended before the coding did.
  public static let incomplete = Self("incomplete", 400)
  /// There are bytes after the end of the coded content.
  public static let trailingData = Self("trailingData", 400)
  /// More was decoded than `ContentLimits.maximumSize`.
  public static let tooLarge = Self("tooLarge", 413)
  /// More was decoded from each byte than `ContentLimits.maximumRatio`: what a decompression bomb does.
  public static let ratioTooHigh = Self("ratioTooHigh", 413)
  /// The coding asks for a larger window, and so for more memory, than HTTP allows it.
  public static let windowTooLarge = Self("windowTooLarge", 400)
  /// The system has no memory for the decoder.
  public static let outOfMemory = Self("outOfMemory", 503)
}
