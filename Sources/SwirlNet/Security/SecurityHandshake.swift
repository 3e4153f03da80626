package import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

/// Makes a secured connection from an open connection that is not started; from one that is secured already, such as
/// with a proxy, one with security within security.
///
/// The reactor retains it until it has ended or was cancelled. The caller enforces the timeout.
package final class SecurityHandshake: ReactorHandle {
  package typealias Completion = (Result<SocketTransport, NetError>) -> Void

  private let transport: SocketTransport
  private let security: any ConnectionSecurity
  private var completion: Completion?
  private var readEvent: FileEvent?
  private var writeEvent: FileEvent?
  private var timeoutCall: DelayedCall?
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .handshake }
  package var handlePeer: String? { transport.peerName }
  /// The listener that accepted the connection, if any, while it listens.
  weak var listener: Listener?
  /// Takes over a connection whose peer does not speak TLS, before any byte was sent to it.
  var onPlainPeer: ((SocketTransport) -> Void)?

  /// Starts the handshake. It calls `completion` once, never before this has returned, and not after `cancel()`.
  /// - Parameters:
  ///   - host: for a client, the host that the certificate must name.
  ///   - protocols: for a client, the application protocols that it offers; nil for those of the context.
  package init(
    _ transport: SocketTransport, _ context: any SecurityContext, host: String? = nil, peer: String? = nil,
    offering protocols: [String]? = nil, timeout: Duration? = nil, at site: CallSite, _ completion: @escaping Completion
  ) throws(NetError) {
    self.transport = transport
    let name = peer ?? transport.peerName
    if let outer = transport.security {
      let socket = StreamSocket(SecuredSocket(outer, over: transport.socket))
      let inner = try context.security(of: socket, host: host, peer: name, offering: protocols)
      security = NestedSecurity(inner, within: outer)
    } else {
      security = try context.security(of: transport.socket, host: host, peer: name, offering: protocols)
    }
    self.completion = completion
    let reactor = transport.reactor
    reactor.insertHandle(self, at: site)
    if let timeout {
      timeoutCall = reactor.callLater(timeout) { [unowned self] in
        finish(.failure(error(ETIMEDOUT, "not completed within \(timeout)")))
      }
    }
    reactor.callSoon { [weak self] in self?.advance() }
  }

  /// Stops and closes the connection, without calling the completion.
  package func cancel() {
    guard completion != nil else { return }
    stop()
    if transport.isUnstarted { transport.close() }
  }

  private func advance() {
    guard completion != nil else { return }
    switch security.handshake() {
    case .done:
      transport.secure(with: security)
      finish(.success(transport))
    case .needsToRead: watch(reading: true)
    case .needsToWrite: watch(reading: false)
    case .failed(let error):
      if security.isPeerPlain, let onPlainPeer {
        let completion = completion
        stop()
        onPlainPeer(transport)
        completion?(.failure(error))
        return
      }
      // The peer may still receive the alert with the reason, for its log.
      finish(.failure(error))
    }
  }

  private func watch(reading: Bool) {
    if reading {
      writeEvent?.disable()
      if readEvent == nil {
        readEvent = transport.socket.fileEvent(on: transport.reactor, .read) { [unowned self] in advance() }
      }
    } else {
      readEvent?.disable()
      if writeEvent == nil {
        writeEvent = transport.socket.fileEvent(on: transport.reactor, .write) { [unowned self] in advance() }
      }
    }
    if (reading ? readEvent : writeEvent)?.enable() != true { finish(.failure(error(errno))) }
  }

  private func error(_ errno: Int32, _ reason: String? = nil) -> NetError {
    NetError(.handshake, transport.peerName, errno: errno, reason: reason)
  }

  private func finish(_ result: Result<SocketTransport, NetError>) {
    guard let completion else { return }
    stop()
    // One that has started reports its end itself.
    if case .failure = result, transport.isUnstarted { transport.close() }
    completion(result)
  }

  private func stop() {
    completion = nil
    onPlainPeer = nil
    listener?.handshakeCount -= 1
    listener = nil
    timeoutCall?.cancel()
    readEvent?.close()
    writeEvent?.close()
    transport.reactor.handles.remove(self)
  }
}
