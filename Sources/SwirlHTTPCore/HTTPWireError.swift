/// What is wrong with bytes that a peer sent, or with what a program asked to send.
public struct HTTPWireError: Error, Sendable, Hashable {
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

  /// What is wrong and what to do about it, with the clause of the RFC.
  public let message: String

  /// The status a server answers with: 400, 413, 414, 431, 501 or 505 for what a client sent, 502 for what an origin server
  /// sent (a gateway's answer), 500 where the program itself asked for something that can't be sent.
  public let status: Int

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
    self.status = code.status
  }

  private init(_ code: Code, _ message: String, status: Int) {
    self.code = code
    self.message = message
    self.status = status
  }

  /// The same error, found in a response: it is not the requester's fault, so a server in between answers 502.
  var inResponse: HTTPWireError {
    HTTPWireError(code, message, status: 502)
  }
}

extension HTTPWireError: CustomStringConvertible {
  /// The message, with the code's name.
  public var description: String {
    "\(message) [\(code)]"
  }
}

extension HTTPWireError.Code {
  /// The request line or status line can't be read.
  public static let badStartLine = Self("badStartLine", 400)
  /// A major version other than 1.
  public static let unsupportedVersion = Self("unsupportedVersion", 505)
  /// The request target has none of the four forms, or not the one its method needs.
  public static let badTarget = Self("badTarget", 400)
  /// `Host` is missing, repeated or not a host.
  public static let badHost = Self("badHost", 400)
  /// A field line, or the end of a line, is malformed.
  public static let badField = Self("badField", 400)
  /// `Content-Length` and `Transfer-Encoding` don't say, beyond doubt, where the message ends.
  public static let badFraming = Self("badFraming", 400)
  /// A transfer coding other than chunked.
  public static let unsupportedTransferCoding = Self("unsupportedTransferCoding", 501)
  /// A chunk's size line or the line end after its data is malformed.
  public static let badChunk = Self("badChunk", 400)
  /// The request line is longer than `HTTPLimits.requestLineBytes`.
  public static let requestLineTooLong = Self("requestLineTooLong", 414)
  /// The head or trailer section is larger than its limit.
  public static let headTooLarge = Self("headTooLarge", 431)
  /// More fields than `HTTPLimits.fieldCount`.
  public static let tooManyFields = Self("tooManyFields", 431)
  /// The content is larger than `HTTPLimits.bodyBytes`.
  public static let bodyTooLarge = Self("bodyTooLarge", 413)
  /// More 1xx responses than `HTTPLimits.informationalResponses`.
  public static let tooManyInformational = Self("tooManyInformational", 502)
  /// The peer closed the connection before the message was complete.
  public static let incomplete = Self("incomplete", 400)
  /// The connection speaks another protocol now, or has ended: its bytes are not this parser's.
  public static let notHTTP = Self("notHTTP", 500)
  /// The program asked to send something that HTTP can't carry.
  public static let invalidOutput = Self("invalidOutput", 500)
  /// The program gave framing fields that contradict the framing it chose, or a framing the message can't have.
  public static let contradictoryFraming = Self("contradictoryFraming", 500)
}
