import SwirlDeferred
import SwirlReactor

/// A request that is not answered yet, or an answer whose turn has not come: one place in a connection's line.
///
/// A request that is answered at once, with no other before it, has no exchange.
final class Exchange {
  enum State {
    /// The handler's Deferred has not fired.
    case waiting
    /// The answer is there; those before it are not sent yet.
    case ready(HTTPServer.Response)
    /// The head is sent, the body is being written.
    case streaming(StreamedBody)
    /// All is sent, or will not be.
    case done
  }

  /// nil when what came was no request, and an error is the answer.
  let request: HTTPServer.Request?
  /// The machine's number of it.
  let number: Int
  var state = State.waiting
  /// What is cancelled when the client goes away: the handler's Deferred.
  var source: AnyDeferred?
  /// What answers while the handler's Deferred has not fired. The Deferred may be kept by the program for longer, and holds this exchange alone.
  var connection: ServerConnection?
  /// When the request was there, in nanoseconds; zero without an access log.
  let start: Int64
  /// From when its handler's time counts, where that is limited.
  var handlerStart: Int64 = 0

  init(_ request: HTTPServer.Request?, _ number: Int, start: Int64) {
    self.request = request
    self.number = number
    self.start = start
  }
}
