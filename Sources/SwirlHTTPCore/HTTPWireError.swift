public import HTTPTypes

/// An error in the bytes of a peer, or in a message that the program asked to send.
public struct HTTPWireError: Error, Sendable, Hashable {
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

  /// The error and what to do about it, with the clause of the RFC.
  public let message: String

  /// The status for the response: 400, 413, 414, 431, 501 or 505 for a client's error, 502 for an origin server's error
  /// (in a gateway), 500 for a message of the program itself that can't be sent.
  public var status: HTTPResponse.Status { HTTPResponse.Status(number: statusCode) }
  package let statusCode: Int

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
    statusCode = code.status
  }

  private init(_ code: Code, _ message: String, status: Int) {
    self.code = code
    self.message = message
    statusCode = status
  }

  /// The same error in a response: it is not the client's fault, so a gateway answers 502.
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
  /// The request target is in no valid form, or not in the form that its method needs.
  public static let badTarget = Self("badTarget", 400)
  /// `Host` is missing, repeated or not a host.
  public static let badHost = Self("badHost", 400)
  /// A field line, or the end of a line, is malformed.
  public static let badField = Self("badField", 400)
  /// `Content-Length` and `Transfer-Encoding` don't determine the end of the message unambiguously.
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
  /// The connection has switched to another protocol or has ended: its bytes are not for this parser.
  public static let notHTTP = Self("notHTTP", 500)
  /// The program asked to send something that HTTP can't carry.
  public static let invalidOutput = Self("invalidOutput", 500)
  /// The program gave framing fields that contradict the framing it chose, or a framing the message can't have.
  public static let contradictoryFraming = Self("contradictoryFraming", 500)
}
