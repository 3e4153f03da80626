import SwirlDeferred
import SwirlReactor

/// An unanswered request, or a response that waits for its turn: one place in a connection's queue.
///
/// A request that is answered at once, without others before it, has no exchange.
final class Exchange {
  enum State {
    /// The handler's Deferred has not fired.
    case waiting
    /// The response is ready; earlier ones are not sent yet.
    case ready(HTTPServer.Response)
    /// The head is sent; the body is being written.
    case streaming(StreamedBody)
    /// The response is sent, or never will be.
    case done
  }

  /// nil if the input was not a request; the response is an error then.
  let request: HTTPServer.Request?
  /// Its sequence number in the machine.
  let number: Int
  var state = State.waiting
  /// The handler's Deferred, which is cancelled if the client disconnects.
  var source: AnyDeferred?
  /// What answers while the handler's Deferred has not fired. The Deferred may be kept by the program for longer, and
  /// holds this exchange alone.
  var responder: (any Responder)?
  /// When the request was complete, in nanoseconds; zero without an access log.
  let start: Int64
  /// The start of its handler's time limit, if it has one.
  var handlerStart: Int64 = 0

  /// Whether its handler has answered.
  var isAnswered: Bool { if case .waiting = state { false } else { true } }

  init(_ request: HTTPServer.Request?, _ number: Int, start: Int64) {
    self.request = request
    self.number = number
    self.start = start
  }
}
