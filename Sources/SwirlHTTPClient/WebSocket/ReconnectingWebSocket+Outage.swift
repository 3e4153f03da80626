import SwirlDeferred
public import SwirlWebSocket

extension ReconnectingWebSocket {
  /// The time between two connections, and what may be lost: for `onConnect`.
  ///
  /// Messages that the peer sent in that time, or that were on their way, may be missing.
  public struct Outage: Sendable {
    /// How the last connection ended.
    public let close: WebSocket.Close
    /// The time from that to the new connection.
    public let duration: Duration
    /// How many attempts the new connection took.
    public let attempts: Int
    /// Messages that were passed to the last connection and not confirmed: the peer has them, or not. At most the last
    /// `sendBufferSize` bytes of them.
    public let inFlight: [WebSocket.Message]
    /// How many unconfirmed messages came before those in `inFlight`, and did not fit.
    public let unlistedInFlight: Int
    /// Messages that were queued at the break, and never passed to a connection.
    public let unwritten: [WebSocket.Message]
  }

  /// A connection that ended, up to the next.
  struct Breach {
    let close: WebSocket.Close
    let time: Instant
    let inFlight: [WebSocket.Message]
    let unlisted: Int
    let unwritten: [WebSocket.Message]
    var attempts = 0
  }
}
