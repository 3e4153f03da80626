import SwirlDeferred
import SwirlWebSocket

/// The messages that were passed to a connection and that no pong has confirmed yet: a peer answers a ping after it has
/// read what came before (RFC 6455 §5.5.2).
struct UnconfirmedMessages {
  private var messages = RingBuffer<WebSocket.Message>()
  private var bytes = 0
  private let limit: Int
  /// How many were sent, confirmed, and left out because they did not fit.
  private(set) var sent = 0
  private var confirmed = 0

  init(limit: Int) { self.limit = limit }

  var isEmpty: Bool { sent == confirmed }

  /// How many are neither confirmed nor listed.
  var unlisted: Int { sent - confirmed - messages.count }

  mutating func add(_ message: WebSocket.Message) {
    sent += 1
    messages.append(message)
    bytes += message.count
    // The last one stays, however large.
    while bytes > limit, messages.count > 1 { removeFirst() }
  }

  /// The first `count` of all that were sent have arrived.
  mutating func confirm(_ count: Int) {
    confirmed = count
    while messages.count > sent - confirmed { removeFirst() }
  }

  /// Those of a connection that has ended, in order.
  mutating func takeAll() -> [WebSocket.Message] {
    confirmed = sent
    bytes = 0
    return Array(messages.takeAll())
  }

  private mutating func removeFirst() {
    if let message = messages.popFirst() { bytes -= message.count }
  }
}
