import SwirlPlatform
import SwirlReactor

/// The first part of a secured connection: it makes one of an open connection that has not been started.
///
/// The reactor keeps it until it has ended or was cancelled. Whoever asks watches the time.
package final class TLSHandshake: Kept {
  package typealias Completion = (Result<SocketTransport, NetError>) -> Void

  private let transport: SocketTransport
  private let session: TLSSession
  private var completion: Completion?
  private var readEvent: FileEvent?
  private var writeEvent: FileEvent?
  private var timeoutCall: DelayedCall?
  var keptAt: Int?
  /// The listener that accepted the connection, if one did: as long as it listens.
  weak var listener: Listener?
  /// Takes over a connection whose other end does not speak TLS, before anything was sent to it.
  var onPlainPeer: ((SocketTransport) -> Void)?

  /// Begins. `completion` is called once, never before this has returned, and not after `cancel()`.
  /// - Parameters:
  ///   - host: for a client, whose certificate it must be.
  package init(
    _ transport: SocketTransport, _ context: TLSContext, host: String? = nil, peer: String? = nil,
    timeout: Duration? = nil, _ completion: @escaping Completion
  ) throws(NetError) {
    self.transport = transport
    session = try TLSSession(transport.descriptor, context, host: host, peer: peer ?? transport.peerName)
    self.completion = completion
    let reactor = transport.reactor
    TLSHandshakes.of(reactor).insert(self)
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
        readEvent = transport.reactor.fileEvent(transport.descriptor, .read) { [unowned self] in advance() }
      }
    } else {
      readEvent?.disable()
      if writeEvent == nil {
        writeEvent = transport.reactor.fileEvent(transport.descriptor, .write) { [unowned self] in advance() }
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
    TLSHandshakes.of(transport.reactor).remove(self)
  }
}

/// The handshakes of a reactor that are under way: it keeps them, since nobody else has to.
final class TLSHandshakes {
  private var handshakes = KeptList<TLSHandshake>()

  static func of(_ reactor: Reactor) -> TLSHandshakes { reactor.attached(TLSHandshakes.self) { TLSHandshakes() } }

  /// Those of connections that `listener` has accepted.
  func of(_ listener: Listener) -> [TLSHandshake] { handshakes.elements.filter { $0.listener === listener } }

  func insert(_ handshake: TLSHandshake) { handshakes.insert(handshake) }
  func remove(_ handshake: TLSHandshake) { handshakes.remove(handshake) }
}
