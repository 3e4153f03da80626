package import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// What a relayed request is answered with, as it arrives, on the reactor's thread.
package protocol RelayReceiver: AnyObject {
  /// An informational response but 100, such as 103 Early Hints (RFC 8297). Any number of them come before the head.
  func relayInformed(_ response: HTTPClient.Response)
  /// The head has arrived.
  func relayBegan(_ response: HTTPClient.Response)
  /// A piece of the content.
  func relayReceived(_ bytes: [UInt8])
  /// The response is complete, perhaps with trailers, or has failed. The last call.
  func relayEnded(_ result: Result<HTTPFields?, any Error>)
  /// The connection is one of the protocol that the request asked for, and the receiver's. The last call.
  func relaySwitched(_ upgraded: HTTPClient.Upgraded)
}

/// A request that a gateway passes on as it came. Its target and content are not looked at; no redirect is followed, no
/// content decoded, and no interceptor called.
package final class Relay: TransportSink {
  private let upgrade: String?
  /// nil once it has ended.
  private var receiver: (any RelayReceiver)?
  /// nil once it has ended: every end of the exchange calls `finish`.
  private var exchange: HTTPClient.Exchange?
  private var transport: (any Transport)?
  private(set) var hasHead = false
  package private(set) var isPaused = false

  fileprivate init(_ exchange: HTTPClient.Exchange, upgrade: String?, to receiver: any RelayReceiver) {
    self.exchange = exchange
    self.upgrade = upgrade
    self.receiver = receiver
  }

  /// Stops reading the response: back-pressure for the server.
  package func pause() {
    if isPaused || receiver == nil { return }
    isPaused = true
    exchange?.pauseBody()
  }

  /// Resumes reading.
  package func resume() {
    if !isPaused { return }
    isPaused = false
    exchange?.resumeBody()
  }

  /// Ends the request at once, and its connection, with `error` for the receiver.
  package func abort(_ error: any Error) {
    guard let exchange, !exchange.isFinished else { return }
    exchange.abort(error)
  }

  /// The error of a server that does not answer within `timeout`.
  package func lateError(_ timeout: Duration) -> any Error {
    let what = hasHead ? "no more of the content" : "no answer"
    return exchange?.error(.timeout, "\(what) within \(timeout): is the server slow, or the timeout too short?")
      ?? CancelledError()
  }

  // MARK: - The exchange's side

  func begin(_ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor) {
    hasHead = true
    receiver?.relayBegan(response)
  }

  func put(_ bytes: [UInt8]) { receiver?.relayReceived(bytes) }

  func put(trailers: HTTPFields) {}

  func isAsked(for head: ResponseHead) -> Bool { upgrade.map(head.switches(to:)) ?? false }

  func take(_ transport: any Transport) { self.transport = transport }

  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool) {
    guard let receiver = receiver.take(), !isReactorGone else { return exchange = nil }
    isPaused = false
    exchange = nil
    if let transport = transport.take(), case .success(let response) = result {
      receiver.relaySwitched(HTTPClient.Upgraded(response: response, transport: transport))
    } else {
      receiver.relayEnded(result.map(\.trailers))
    }
  }

  fileprivate func informed(_ response: HTTPClient.Response) { receiver?.relayInformed(response) }
}

/// Passes informational responses on.
///
/// Unchecked: both sides are on the reactor's thread, though the request that has the closure may be sent to others.
private final class Informer: @unchecked Sendable {
  weak var relay: Relay?
}

extension HTTPClient {
  /// Sends `request` as it is, with `target` byte by byte.
  ///
  /// The receiver is retained until the last call to it, and gets no call before this has returned. The request's
  /// limits in time apply: give that of the whole as nil.
  ///
  /// - Parameters:
  ///   - request: with the URL of the origin alone. Its body is of ``Body/relayed(_:length:progress:)``, or in memory.
  ///   - target: the request target (RFC 9112 §3.2).
  ///   - upgrade: the protocol to which the server may switch; nil for plain HTTP.
  ///   - receiver: gets the response.
  package func relay(
    _ request: Request, target: String, upgrade: String? = nil, to receiver: any RelayReceiver
  ) -> Relay {
    var request = request
    request.relayedTarget = target
    if let upgrade {
      request.upgrade = upgrade
      request.headers[.upgrade] = upgrade
      request.headers[.connection] = "Upgrade"
    }
    let informer = Informer()
    request.onInformational = { response in informer.relay?.informed(response) }
    let exchange = startDirectly(request)
    let relay = Relay(exchange, upgrade: upgrade, to: receiver)
    informer.relay = relay
    exchange.consumer = .stream(relay)
    return relay
  }
}
