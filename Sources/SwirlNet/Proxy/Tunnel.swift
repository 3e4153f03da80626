import SwirlReactor

/// The negotiation with a proxy before a connection through it is usable.
package protocol TunnelNegotiation: AnyObject {
  /// The first message.
  func begin() -> [UInt8]

  /// Processes the proxy's response.
  /// - Throws: an error with the code `.proxy` if the proxy refuses.
  func received(_ bytes: Span<UInt8>) throws(NetError) -> TunnelProgress

  /// Whether to begin again on a new connection, after the proxy has closed this one without an answer.
  func mayBeginAgain() -> Bool
}

extension TunnelNegotiation {
  package func mayBeginAgain() -> Bool { false }
}

/// The progress of a negotiation.
package enum TunnelProgress {
  case needMore
  case send([UInt8])
  /// The proxy closes the connection: `begin` has what to send on a new one.
  case beginAgain
  /// From here the connection leads to the peer.
  case done
}

/// Negotiates on an open connection that is not started, and then returns it in that state.
final class TunnelHandshake: StreamProtocol {
  private let transport: SocketTransport
  private let negotiation: any TunnelNegotiation
  private let proxy: String
  private var completion: ((Outcome) -> Void)?

  enum Outcome {
    case done
    /// A new connection to the proxy is needed.
    case beginAgain
    case failed(NetError)
  }

  /// It calls `completion` once, never before this has returned, and not after `cancel()`. The caller enforces the
  /// timeout.
  init(
    _ transport: SocketTransport, _ negotiation: any TunnelNegotiation, proxy: String,
    _ completion: @escaping (Outcome) -> Void
  ) {
    self.transport = transport
    self.negotiation = negotiation
    self.proxy = proxy
    self.completion = completion
    transport.start(self)
    transport.write(negotiation.begin())
  }

  func cancel() {
    completion = nil
    transport.abort()
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    guard completion != nil else { return }
    do throws(NetError) {
      switch try negotiation.received(bytes) {
      case .needMore: break
      case .send(let answer): transport.write(answer)
      case .done:
        guard transport.detach() else {
          throw NetError(
            .proxy, proxy, reason: "it answered before it was asked, or broke the connection after its answer")
        }
        completion.take()?(.done)
      case .beginAgain:
        let completion = completion.take()
        transport.abort()
        completion?(.beginAgain)
      }
    } catch {
      let completion = completion.take()
      transport.abort()
      completion?(.failed(error))
    }
  }

  func endReceived() -> Bool {
    ended(NetError(.proxy, proxy, reason: "it closed the connection without an answer"))
    return false
  }

  func connectionLost(_ end: ConnectionEnd) {
    ended(
      NetError(.proxy, proxy, errno: end.error?.errno ?? 0, reason: end.error?.reason ?? "it closed the connection"))
  }

  private func ended(_ error: NetError) {
    guard let completion = completion.take() else { return }
    completion(negotiation.mayBeginAgain() ? .beginAgain : .failed(error))
  }
}
