/// A protocol of requests and responses: how a request is written, and how a message is read. The rest does
/// ``RequestClient``.
///
/// ```swift
/// struct Calculator: RequestFormat {
///   let framing: any Framing = LineFraming()
///
///   func write(_ request: String, id: Int, to bytes: inout [UInt8]) { bytes += "\(request)\r\n".utf8 }
///   func read(_ frame: [UInt8]) -> RequestMessage<Int>? {
///     Int(String(decoding: frame, as: UTF8.self)).map { .response($0) }
///   }
/// }
/// ```
///
/// Each connection gets a format of its own, so it may keep what belongs to one connection: the frames of a message
/// that is incomplete, or what kind of response each request has. All calls are on the reactor's thread. SwiftNIO:
/// the handlers before a `RequestResponseHandler`.
public protocol RequestFormat<Request, Response> {
  /// What is sent.
  associatedtype Request
  /// What a request gets, and the messages that answer no request.
  associatedtype Response

  /// How frames are delimited. A message is one frame, or several.
  var framing: any Framing { get }

  /// The ids of requests, for a protocol whose responses name their request. They count up within this range, and
  /// begin anew at its end; an id whose response is missing is not given again. nil, the default: the responses come in
  /// the order of the requests.
  var ids: ClosedRange<Int>? { get }

  /// Appends the bytes of `request`, with its id where the protocol has ids. Requests are written in the order in
  /// which they are sent. It must not send requests itself.
  /// - Throws: the failure of this request; no part of it is sent then.
  mutating func write(_ request: Request, id: Int, to bytes: inout [UInt8]) throws

  /// Reads the next frame, without its delimiters. Returns the message that it completes; nil if more frames follow.
  /// - Throws: an error for bytes that are no message: it ends the connection.
  mutating func read(_ frame: [UInt8]) throws -> RequestMessage<Response>?
}

extension RequestFormat {
  /// The order of the requests.
  public var ids: ClosedRange<Int>? { nil }
}

/// A received message, as ``RequestFormat/read(_:)`` understands it.
public struct RequestMessage<Response> {
  enum Kind {
    /// For the oldest request under way.
    case next(Result<Response, any Error>)
    case identified(Int, Result<Response, any Error>)
    case push(Response)
  }
  let kind: Kind

  /// The response to the oldest request under way.
  public static func response(_ response: Response) -> RequestMessage {
    RequestMessage(kind: .next(.success(response)))
  }

  /// The response to the request with this id.
  public static func response(_ response: Response, to id: Int) -> RequestMessage {
    RequestMessage(kind: .identified(id, .success(response)))
  }

  /// The oldest request under way has failed: its response is an error, and the connection is sound.
  public static func failure(_ error: any Error) -> RequestMessage { RequestMessage(kind: .next(.failure(error))) }

  /// The request with this id has failed.
  public static func failure(_ error: any Error, to id: Int) -> RequestMessage {
    RequestMessage(kind: .identified(id, .failure(error)))
  }

  /// A message that answers no request: a notification, a message of a channel.
  public static func push(_ message: Response) -> RequestMessage { RequestMessage(kind: .push(message)) }
}

/// The limits of a ``RequestClient`` or a ``RequestConnection``.
public struct RequestLimits: Sendable, Hashable {
  /// The time limit of a request, from `send` on, and with it of waiting for a connection; nil for no limit.
  public var timeout: Duration? = .seconds(30)
  /// The maximum number of requests under way: sent, and without a response. Further requests wait.
  public var window = 1024
  /// The maximum number of requests that wait for the window or for a connection. One more fails.
  public var maximumWaiting = 65_536
  /// The maximum size of a message, in bytes of its frames. A longer one ends the connection. The framing limits the
  /// single frame.
  public var maximumMessageBytes = 64 * 1024 * 1024
  /// Whether requests wait while there is no connection, within their timeouts; otherwise they fail at once.
  public var waitsForConnection = true
  /// Whether a timeout ends the connection if the peer has sent no byte since that request was sent: it hangs, or is
  /// unreachable, and what is behind the request would time out as well. Otherwise, and if the peer has sent something,
  /// the connection stays; a late response is dropped.
  public var endsSilentConnections = true

  /// The defaults.
  public init() {}

  /// The defaults with another timeout, or another window.
  public init(timeout: Duration?, window: Int = 1024) {
    self.timeout = timeout
    self.window = window
  }
}
