extension WebSocket {
  /// The limits and times of a socket.
  public struct Configuration: Sendable, Equatable {
    /// The largest message from the peer, in bytes, inflated; a larger one closes the connection with 1009.
    public var maximumMessageSize = 1 << 20

    /// How many bytes may wait for a peer that does not read; see ``overflow``.
    public var sendBufferSize = 1 << 20

    /// What happens to a message for which the buffer has no room.
    public var overflow = Overflow.wait

    /// The time without a byte from the peer after which it is sent a ping; nil sends no pings.
    public var pingInterval: Duration? = .seconds(30)

    /// The time after which a peer that has answered no ping, or has taken no byte of what is buffered for it, is cut
    /// off.
    public var pingTimeout = Duration.seconds(20)

    /// How long closing waits for the peer.
    public var closeTimeout = Duration.seconds(10)

    /// Whether messages may be compressed (RFC 7692), if the peer agrees. It takes memory and time at both ends, and
    /// helps for long text. Off by default.
    public var compression = Compression.off

    /// The usual ones.
    public init() {}
  }

  /// What happens to a message that is sent while ``Configuration/sendBufferSize`` bytes wait for the peer.
  public enum Overflow: Sendable {
    /// Its Deferred fails with ``SendError/bufferIsFull``. A sender that waits for the Deferred of each message before
    /// the next never meets it.
    case wait
    /// It is dropped, and counted in ``WebSocket/droppedMessages``: for feeds whose next message replaces this one.
    case drop
    /// The connection is closed with 1008, without waiting for the peer.
    case close
  }
}
