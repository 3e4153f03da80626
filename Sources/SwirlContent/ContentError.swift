/// Content can't be decoded: its coding is unknown, its bytes are invalid in that coding, or it exceeds a limit.
public struct ContentError: Error, Sendable, Hashable {
  /// The kind of error, for programs to compare; later versions may add kinds.
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

  /// The content coding as `Content-Encoding` names it; the whole field if the error is not of one coding.
  public let coding: String

  /// What is wrong and what to do about it.
  public let message: String

  /// The status a server answers with, when a client sent this: 400, 413 or 415, and 503 where memory ran out.
  package var status: Int { code.status }

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
  /// `Content-Encoding` names an unsupported coding.
  public static let unsupportedCoding = Self("unsupportedCoding", 415)
  /// `Content-Encoding` names more nested codings than the maximum of three.
  public static let tooManyCodings = Self("tooManyCodings", 415)
  /// The bytes are invalid in this coding, or their checksum is wrong.
  public static let corrupt = Self("corrupt", 400)
  /// The content ended before the coding did.
  public static let incomplete = Self("incomplete", 400)
  /// There are bytes after the end of the coded content.
  public static let trailingData = Self("trailingData", 400)
  /// More was decoded than `ContentLimits.maximumSize`.
  public static let tooLarge = Self("tooLarge", 413)
  /// More was decoded from each byte than `ContentLimits.maximumRatio`: a sign of a decompression bomb.
  public static let ratioTooHigh = Self("ratioTooHigh", 413)
  /// The coding needs a larger window, and so more memory, than HTTP allows.
  public static let windowTooLarge = Self("windowTooLarge", 400)
  /// The system has no memory for the decoder.
  public static let outOfMemory = Self("outOfMemory", 503)
}
