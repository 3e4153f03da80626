import HTTPTypes
import SwirlReactor

/// Receives a response as it arrives, rather than when it is complete. On the reactor's thread.
protocol ResponseSink: AnyObject {
  /// Whether it has received the head.
  var hasHead: Bool { get }
  /// Whether it applies back-pressure to the connection.
  var isPaused: Bool { get }

  /// Receives the head of `exchange`, a response whose content follows. It may end the exchange.
  func begin(
    _ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor)

  /// Receives a piece of the content.
  func put(_ bytes: [UInt8])

  /// Receives the trailer fields.
  func put(trailers: HTTPFields)

  /// The response is complete, or has failed.
  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool)
}
