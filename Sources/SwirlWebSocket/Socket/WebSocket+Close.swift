extension WebSocket {
  /// How a connection was closed. WHATWG: `CloseEvent`.
  public struct Close: Sendable, CustomStringConvertible {
    /// The code of the peer's Close frame, or why we have closed; ``CloseCode/noStatusReceived`` for a Close frame
    /// without one, ``CloseCode/abnormalClosure`` without a Close frame.
    public let code: CloseCode
    /// The text in the Close frame, mostly empty.
    public let reason: String
    /// Whether both ends have sent Close frames.
    public let isClean: Bool
    /// Why the connection failed here: a message that breaks the protocol, a callback that threw, a broken connection.
    public let error: (any Error)?

    package init(code: CloseCode, reason: String, isClean: Bool, error: (any Error)?) {
      self.code = code
      self.reason = reason
      self.isClean = isClean
      self.error = error
    }

    /// Whether the connection is over because an end was done: 1000, 1001, or no code.
    package var isOrderly: Bool { isClean && [.normalClosure, .goingAway, .noStatusReceived].contains(code) }

    /// The code and the reason in words.
    public var description: String {
      let text = reason.isEmpty ? "\(code)" : "\(code): \(reason)"
      return error.map { "\(text) (\($0))" } ?? text
    }
  }

  /// The code of a Close frame (RFC 6455 §7.4.1, IANA's registry).
  public struct CloseCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
  {
    /// The number.
    public let rawValue: UInt16
    /// 1000 to 4999; programs use 4000 to 4999.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// 1000 to 4999; programs use 4000 to 4999.
    public init(integerLiteral value: UInt16) { rawValue = value }

    /// 1000.
    public static let normalClosure: CloseCode = 1000
    /// 1001: a server stops, a page is left.
    public static let goingAway: CloseCode = 1001
    /// 1002.
    public static let protocolError: CloseCode = 1002
    /// 1003: binary where text is expected, or the reverse.
    public static let unsupportedData: CloseCode = 1003
    /// 1005: the Close frame had no code. It is never sent.
    public static let noStatusReceived: CloseCode = 1005
    /// 1006: the connection ended without a Close frame. It is never sent.
    public static let abnormalClosure: CloseCode = 1006
    /// 1007: text that is not UTF-8, or content that cannot be inflated.
    public static let invalidPayload: CloseCode = 1007
    /// 1008.
    public static let policyViolation: CloseCode = 1008
    /// 1009.
    public static let messageTooBig: CloseCode = 1009
    /// 1010: the server did not agree to an extension.
    public static let mandatoryExtension: CloseCode = 1010
    /// 1011: a failure of the program.
    public static let internalError: CloseCode = 1011
    /// 1012.
    public static let serviceRestart: CloseCode = 1012
    /// 1013.
    public static let tryAgainLater: CloseCode = 1013

    /// The number.
    public var description: String { "\(rawValue)" }

    /// Whether a Close frame may have it.
    package var isSendable: Bool { WebSocketCloseCode.isValid(rawValue) }
  }

  /// Why a message was not sent.
  public enum SendError: Error, CustomStringConvertible {
    /// The connection is closed, or is being closed.
    case isClosed(Close?)
    /// ``Configuration/sendBufferSize`` bytes wait for the peer already.
    case bufferIsFull

    /// The error in words.
    public var description: String {
      switch self {
      case .isClosed(let close?): "the message was not sent: the WebSocket was closed (\(close))"
      case .isClosed(nil): "the message was not sent: the WebSocket is being closed"
      case .bufferIsFull:
        "the message was not sent: the peer reads too slowly, and the send buffer is full. Wait for the Deferred of "
          + "each send, or choose another overflow"
      }
    }
  }

  /// A connection that was not closed in an orderly way: the error of a loop over its messages.
  public struct ClosedError: Error, CustomStringConvertible {
    /// How it was closed.
    public let close: Close

    package init(close: Close) { self.close = close }

    /// The error in words.
    public var description: String { "the WebSocket was closed: \(close)" }
  }
}
