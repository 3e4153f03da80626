import SwirlDeferred
import SwirlPlatform
import SwirlReactor

/// Reads a connection's header of the PROXY protocol, and nothing behind it: that may be the beginning of TLS.
///
/// The reactor retains it until it has ended or was cancelled.
final class ProxyHeaderReader: ReactorHandle {
  private let socket: StreamSocket
  private let proxy: SocketAddress?
  private let reactor: Reactor
  private let limit: Duration
  private var completion: ((Result<SocketAddress?, NetError>) -> Void)?
  private var header = ProxyHeader()
  private var step = ProxyHeader.start
  private var readEvent: FileEvent?
  private var timeoutCall: DelayedCall?
  var handleIndex: Int?
  var handleKind: OpenHandle.Kind { .handshake }
  var handlePeer: String? { name }
  /// The listener that accepted the connection, while it listens.
  weak var listener: Listener?

  /// Starts to read. It calls `completion` once, never before this has returned, and not after `cancel()`: with the
  /// client's address, nil for the proxy's own connection. After an error the socket is closed.
  init(
    _ socket: StreamSocket, of proxy: SocketAddress?, within limit: Duration, on reactor: Reactor, at site: CallSite,
    _ completion: @escaping (Result<SocketAddress?, NetError>) -> Void
  ) {
    self.socket = socket
    self.proxy = proxy
    self.reactor = reactor
    self.limit = limit
    self.completion = completion
    reactor.insertHandle(self, at: site)
    let event = socket.fileEvent(on: reactor, .read) { [unowned self] in readReady() }
    readEvent = event
    timeoutCall = reactor.callLater(limit) { [unowned self] in
      fail(ETIMEDOUT, "it sent no header of the PROXY protocol within \(limit)")
    }
    if !event.enable() {
      let error = errno
      reactor.callSoon { [weak self] in self?.fail(error, nil) }
    }
  }

  /// Closes the connection, without calling the completion.
  func cancel() {
    guard completion != nil else { return }
    stop()
    socket.close()
  }

  func abandon() {
    completion = nil
    readEvent?.close()
    socket.close()
  }

  private var name: String { proxy?.description ?? "the proxy" }

  private func readReady() {
    while completion != nil {
      switch step {
      case .bytes(let count):
        guard let bytes = read(count) else { return }
        step = header.take(bytes)
      case .line(let room):
        guard let bytes = readLine(room) else { return }
        step = header.take(bytes)
      case .done(let client):
        let completion = completion.take()
        stop()
        return completion?(.success(client)) ?? ()
      case .failed(let reason): return fail(EPROTO, reason)
      }
    }
  }

  /// nil without input, and after an error.
  private func read(_ count: Int, isPeeking: Bool = false) -> ArraySlice<UInt8>? {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = socket.receive(&bytes, count, isPeeking: isPeeking)
    if got > 0 { return bytes[..<got] }
    if got < 0, errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR { return nil }
    fail(got == 0 ? ECONNRESET : errno, got == 0 ? "it closed the connection before its header was complete" : nil)
    return nil
  }

  /// All that is there of a line. What is not its end belongs to it, and so may be taken.
  private func readLine(_ room: Int) -> ArraySlice<UInt8>? {
    guard let seen = read(room, isPeeking: true) else { return nil }
    let end = seen.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? seen.endIndex
    return read(end)
  }

  private func fail(_ errno: Int32, _ reason: String?) {
    let completion = completion.take()
    stop()
    socket.close()
    completion?(.failure(NetError(.accept, name, errno: errno, reason: reason)))
  }

  private func stop() {
    completion = nil
    listener?.handshakeCount -= 1
    listener = nil
    timeoutCall?.cancel()
    readEvent?.close()
    reactor.handles.remove(self)
  }
}
