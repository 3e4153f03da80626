package import SwirlDeferred
import SwirlPlatform
package import SwirlReactor

/// The first part of a secured connection: it makes one of an open connection that has not been started.
///
/// The reactor keeps it until it has ended or was cancelled. Whoever asks watches the time.
package final class TLSHandshake: ReactorHandle {
  package typealias Completion = (Result<SocketTransport, NetError>) -> Void

  private let transport: SocketTransport
  private let session: TLSSession
  private var completion: Completion?
  private var readEvent: FileEvent?
  private var writeEvent: FileEvent?
  private var timeoutCall: DelayedCall?
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .handshake }
  package var handlePeer: String? { transport.peerName }
  /// The listener that accepted the connection, if one did: as long as it listens.
  weak var listener: Listener?
  /// Takes over a connection whose other end does not speak TLS, before anything was sent to it.
  var onPlainPeer: ((SocketTransport) -> Void)?

  /// Begins. `completion` is called once, never before this has returned, and not after `cancel()`.
  /// - Parameters:
  ///   - host: for a client, whose certificate it must be.
  package init(
    _ transport: SocketTransport, _ context: TLSContext, host: String? = nil, peer: String? = nil,
    timeout: Duration? = nil, at site: CallSite, _ completion: @escaping Completion
  ) throws(NetError) {
    self.transport = transport
    session = try TLSSession(transport.socket, context, host: host, peer: peer ?? transport.peerName)
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

  /// Stops and closes the connection; nothing is told.
  package func cancel() {
    guard completion != nil else { return }
    stop()
    transport.close()
  }

  private func advance() {
    guard completion != nil else { return }
    switch session.handshake() {
    case .done:
      transport.secure(with: session)
      finish(.success(transport))
    case .needsToRead: watch(reading: true)
    case .needsToWrite: watch(reading: false)
    case .failed(let error):
      if session.isPeerPlain, let onPlainPeer {
        let completion = completion
        stop()
        onPlainPeer(transport)
        completion?(.failure(error))
        return
      }
      // The other end may still be told why, so that its log says it.
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
    if case .failure = result { transport.close() }
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
