import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// The consumer of a request for another protocol.
protocol TransportSink: ResponseSink {
  /// Whether the 101 `head` is for the protocol that was asked for.
  func isAsked(for head: ResponseHead) -> Bool
  /// Gets the connection; `finish` with the answer follows.
  func take(_ transport: any Transport)
}

extension ResponseHead {
  /// Whether its Upgrade names the protocol `name`.
  func switches(to name: String) -> Bool {
    let names = self["upgrade"]?.split { $0 == "," || $0 == " " || $0 == "\t" } ?? []
    return names.contains { $0.lowercased() == name.lowercased() }
  }
}

/// The consumer of a request for another protocol: gets the connection, or an answer that refuses it.
final class UpgradeSink: TransportSink {
  /// How much content of a refusal is kept.
  private static let contentLimit = 16 * 1024

  private let name: String
  private var deferred: Deferred<HTTPClient.Upgraded>?
  private var transport: (any Transport)?
  private var refusal: HTTPClient.Response?
  private var content: [UInt8] = []
  /// Whether more content came than is kept, so that it ended the request itself.
  private var isFull = false
  // Every end of the exchange calls `finish`, after which nothing is put.
  private unowned var exchange: HTTPClient.Exchange!

  init(_ name: String, _ deferred: Deferred<HTTPClient.Upgraded>) {
    self.name = name
    self.deferred = deferred
  }

  var hasHead: Bool { refusal != nil }
  var isPaused: Bool { false }

  func isAsked(for head: ResponseHead) -> Bool { head.switches(to: name) }

  static func otherProtocol(_ head: ResponseHead) -> String {
    let other = head["upgrade"].map { "the protocol \($0)" } ?? "a protocol that it does not name"
    return "the server switched to \(other), which was not asked for (RFC 9110 §7.8)"
  }

  func take(_ transport: any Transport) { self.transport = transport }

  func begin(_ response: HTTPClient.Response, of exchange: HTTPClient.Exchange, _ reactor: Reactor) {
    refusal = response
    self.exchange = exchange
  }

  func put(_ bytes: [UInt8]) {
    if isFull { return }
    content += bytes.prefix(Self.contentLimit - content.count)
    guard content.count == Self.contentLimit else { return }
    isFull = true
    exchange.cancel()
  }

  func put(trailers: HTTPFields) {}

  func finish(_ result: Result<HTTPClient.Response, any Error>, isReactorGone: Bool) {
    guard let deferred = deferred.take(), !isReactorGone else { return }
    switch result {
    case .success(let response) where transport != nil:
      deferred.callback(HTTPClient.Upgraded(response: response, transport: transport.take()!))
    case .failure(let error as CancelledError) where !isFull: deferred.errback(error)
    case .failure(let error) where refusal == nil: deferred.errback(error)
    case .success(let response): refuse(refusal ?? response, deferred)
    // It ended early or too late: its head says what is wrong.
    case .failure: refuse(refusal!, deferred)
    }
  }

  private func refuse(_ response: HTTPClient.Response, _ deferred: Deferred<HTTPClient.Upgraded>) {
    deferred.errback(HTTPStatusError(response: response.with(body: content, trailers: nil)))
  }
}
