import HTTPTypes
public import SwirlDeferred
import SwirlNet
public import SwirlWebSocket

extension ReconnectingWebSocket {
  /// When it connects again, and what becomes of messages.
  public struct Configuration: Sendable {
    /// The limits and times of each connection. `sendBufferSize` and `overflow` are those of the queue, with and
    /// without a connection; with `WebSocket.Overflow.close` a full queue ends the socket for good.
    public var connection = WebSocket.Configuration()

    /// The number of attempts without a connection that lasted, and the pauses between them: random ones up to a
    /// maximum that doubles. A server's Retry-After comes on top. By default it never gives up.
    public var backoff = Backoff(attempts: .max, firstDelay: .seconds(1), maximumDelay: .seconds(30))

    /// How long a connection has to live for the attempts to be counted anew.
    public var stableTime = Duration.seconds(10)

    /// The close codes of the peer that end it for good.
    public var finalCodes: Set<WebSocket.CloseCode> = [.normalClosure]

    /// Which messages of a broken connection the next one sends.
    public var resend = Resend.unwritten

    /// How long after a message the peer is asked to confirm it, by a ping. At most one such ping is on its way, and
    /// without messages there is no such ping.
    public var confirmationInterval = Duration.seconds(1)

    /// Whether an error of an attempt may pass, so that another attempt makes sense; by default
    /// ``ReconnectingWebSocket/mayPass(_:)``.
    public var mayPass: @Sendable (any Error) -> Bool = { ReconnectingWebSocket.mayPass($0) }

    /// The usual ones.
    public init() {}
  }

  /// Which messages of a broken connection the next one sends, by itself. All of them are in the ``Outage``.
  public enum Resend: Sendable {
    /// Messages that are queued when a connection breaks fail with `WebSocket.SendError.isClosed`.
    case nothing
    /// Messages that were queued stay in the queue. They were never sent, so the peer gets them once.
    case unwritten
    /// Also those in flight, which the peer may get twice: for messages that it recognizes.
    case all
  }

  /// Whether an error of an attempt may pass: a broken or refused connection, a timeout, and the statuses 408, 429 and
  /// 5xx. Other statuses, a refused certificate, a malformed URL and errors of the program's own are final.
  public static func mayPass(_ error: any Error) -> Bool {
    switch error {
    case let error as HTTPStatusError: [408, 429].contains(error.status.code) || error.status.kind == .serverError
    case let error as HTTPError: error.mayPass
    case is TimeoutError: true
    default: false
    }
  }
}
