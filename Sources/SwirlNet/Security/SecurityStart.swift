package import SwirlDeferred
import SwirlReactor

/// The change of a started connection to a secured one (STARTTLS): waits until what was written in plain text is sent,
/// then does the handshake. Its transport owns it meanwhile.
final class SecurityStart {
  /// Fires after the handshake; cancelling it aborts the connection.
  let done: Deferred<Void>
  /// What was written since: it is sent secured.
  var held: [UInt8] = []
  /// Whether our direction ends behind that.
  var endsWriting = false

  private unowned let transport: SocketTransport
  private let context: any SecurityContext
  private let host: String?
  private let timeout: Duration
  private let site: CallSite
  private var handshake: SecurityHandshake?

  init(
    _ transport: SocketTransport, _ context: any SecurityContext, host: String?, timeout: Duration, at site: CallSite
  ) {
    self.transport = transport
    self.context = context
    self.host = host
    self.timeout = timeout
    self.site = site
    done = Deferred(canceller: { [weak transport] done in
      done.errback(CancelledError())
      transport?.abort()
    })
  }

  /// All that was written before is in the kernel.
  func plainBytesSent() {
    guard handshake == nil else { return }
    do throws(NetError) {
      handshake = try SecurityHandshake(transport, context, host: host, timeout: timeout, at: site) {
        [weak transport] result in transport?.securityStarted(result.map { _ in () })
      }
    } catch { transport.securityStarted(.failure(error)) }
  }

  /// The connection has ended before.
  func end(_ error: NetError?) {
    handshake?.cancel()
    guard !done.isFired else { return }
    done.errback(
      error ?? NetError(.handshake, transport.peerName, reason: "the connection was closed here before it was secured"))
  }
}

/// A protocol that holds input which its user has not seen.
protocol InputHolder: AnyObject {
  var heldBytes: Int { get }
}

/// A transport that can be secured after it started.
package protocol SecurableTransport: Transport {
  /// - Parameter host: for a client, the host that the certificate must name.
  func startSecurity(
    _ context: any SecurityContext, host: String?, timeout: Duration, at site: CallSite
  ) -> Deferred<Void>
}
