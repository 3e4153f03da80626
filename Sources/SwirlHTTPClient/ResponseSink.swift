import HTTPTypes
import SwirlReactor

/// Who is told of a response while it comes, instead of when all of it is there. On the reactor's thread.
protocol ResponseSink: AnyObject {
  /// Whether it was given the head.
  var hasHead: Bool { get }
  /// Whether the connection is not read for its sake.
  var isPaused: Bool { get }

  /// Takes the head of `exchange`, a response whose content follows. It may end the exchange.
  func begin(
    _ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor)

  /// Takes a piece of the content.
  func put(_ bytes: [UInt8])

  /// Takes the fields that came after the content.
  func put(trailers: HTTPFields)

  /// The response is whole, or will not be.
  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool)
}
