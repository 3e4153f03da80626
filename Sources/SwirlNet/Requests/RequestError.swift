/// A request got no response. ``wasSent`` tells whether the peer may have carried it out.
public struct RequestError: Error, CustomStringConvertible {
  /// The reason.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The reason in words.
    public let description: String

    /// No response within the time limit.
    public static let timedOut = Code(description: "no response came in time")
    /// The connection has ended; ``RequestError/cause`` has the reason, if it is known.
    public static let connectionLost = Code(description: "the connection ended before its response")
    /// There is no connection, and ``RequestLimits/waitsForConnection`` is false, or the service has given up.
    public static let notConnected = Code(description: "there is no connection")
    /// More requests wait than ``RequestLimits/maximumWaiting``.
    public static let queueFull = Code(description: "too many requests wait")
    /// The client or the connection was closed or aborted here.
    public static let closed = Code(description: "it was closed here")
    /// A response came that answers no request, which ends the connection.
    public static let unexpectedResponse = Code(description: "a response came that answers no request")
    /// A message came that the format or the framing refuses, or that is too long, which ends the connection.
    public static let invalidMessage = Code(description: "what came is not a message")
    /// The peer leaves too many cancelled or late requests without a response, which ends the connection.
    public static let unanswered = Code(description: "too many requests that were given up have no response")
  }

  /// The reason.
  public let code: Code
  /// Whether the request was handed to the kernel, in whole or in part: the peer may have carried it out. If false, it
  /// was certainly never sent, and can be sent again.
  public let wasSent: Bool
  /// The peer, if it is known.
  public let peer: String?
  /// The error behind this one.
  public let cause: (any Error)?

  init(_ code: Code, wasSent: Bool, peer: String?, cause: (any Error)? = nil) {
    self.code = code
    self.wasSent = wasSent
    self.peer = peer
    self.cause = cause
  }

  /// `request to 127.0.0.1:6379: the connection ended before its response: closed; it was sent, and may have been
  /// carried out`
  public var description: String {
    var words = "request\(peer.map { " to \($0)" } ?? ""): \(code)"
    if let cause { words += ": \(cause)" }
    return words + (wasSent ? "; it was sent, and may have been carried out" : "; it was never sent")
  }
}
