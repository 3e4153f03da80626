import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlPlatform

/// A socket of a ``MemoryNetwork``: one end of a connection, or a listener.
final class MemorySocket: SimulatedSocket, ReadinessSource, NotedSocket {
  private enum State {
    /// Waits for the peer's answer to the connect.
    case connecting
    case connected
    case listening(backlog: Int)
    case closed
  }

  // Weak: the network may be released before its reactor, and the reactor closes its sockets only then.
  private weak var network: MemoryNetwork?
  /// The host whose link the bytes take: the one that was connected to.
  private let host: MemoryHost
  private var state: State
  private(set) var localAddress: SocketAddress?
  private(set) var peerAddress: SocketAddress?
  /// Whether it waits to be accepted, and is no program's yet.
  private var isQueued = false
  // Both ends hold each other until one is closed or broken.
  private var peer: MemorySocket?
  /// The direction to the peer.
  private let lane = MemoryLane()

  /// What has arrived, from `incomingStart` on.
  private var incoming: [UInt8] = []
  private var incomingStart = 0
  private var hasEnd = false
  private var error: Int32 = 0
  /// Bytes that were sent and, as far as this end knows, not read.
  private var outstanding = 0
  private var isWritingShut = false
  private var resetsOnClose = false
  /// Connections to accept.
  private var queue: [MemorySocket] = []

  /// The watches that have begun.
  private var events: [SourcedEvent] = []
  /// Whether the network will look at the watches in its next turn.
  var isNoted = false

  /// A socket that begins to connect.
  init(connectingTo address: SocketAddress, on network: MemoryNetwork) {
    self.network = network
    host = network.host(at: address)
    state = .connecting
    peerAddress = address
    localAddress =
      address.isLoopback
      ? address.with(port: network.nextPort()) : SocketAddress(ip: "10.0.0.1", port: network.nextPort())
    host.add(self)
    sendConnect()
  }

  init(listeningAt address: SocketAddress, backlog: Int, on network: MemoryNetwork) {
    self.network = network
    host = network.host(at: address)
    state = .listening(backlog: backlog)
    localAddress = address
  }

  /// The server's end of a connection that has come.
  private init(acceptedFrom client: MemorySocket) {
    network = client.network
    host = client.host
    state = .connected
    localAddress = client.peerAddress
    peerAddress = client.localAddress
    peer = client
    isQueued = true
    host.add(self)
  }

  // MARK: - Connecting

  private func sendConnect() {
    network?.send(0, over: host, lane) { [self] in
      guard case .connecting = state, let peerAddress, let network else { return }
      guard let listener = network.listeners.first(where: { $0.listens(at: peerAddress) }) else {
        return network.send(0, over: host, lane) { [self] in breakConnection(ECONNREFUSED) }
      }
      guard let accepted = listener.take(self) else {
        // The queue is full, so the listener's kernel drops the request, and this one's repeats it after a second.
        network.reactor.callLater(.seconds(1)) { [weak self] in self?.sendConnect() }
        return
      }
      network.send(0, over: host, accepted.lane) { [self] in
        // Closed meanwhile: the peer sees the same as from a closed socket.
        guard case .connecting = state else { return accepted.breakConnection() }
        state = .connected
        peer = accepted
        self.network?.noteChange(of: self)
      }
    }
  }

  private func listens(at address: SocketAddress) -> Bool {
    guard let localAddress, localAddress.port == address.port else { return false }
    return localAddress == address || ["::", "0.0.0.0"].contains(localAddress.host)
  }

  private func take(_ client: MemorySocket) -> MemorySocket? {
    guard case .listening(let backlog) = state, queue.count < max(1, backlog) else { return nil }
    let accepted = MemorySocket(acceptedFrom: client)
    queue.append(accepted)
    network?.noteChange(of: self)
    return accepted
  }

  func accept() -> (socket: StreamSocket, peer: SocketAddress?)? {
    guard !queue.isEmpty else { return nil }
    let accepted = queue.removeFirst()
    accepted.isQueued = false
    return (StreamSocket(accepted), accepted.peerAddress)
  }

  func takeError() -> Int32 {
    defer { error = 0 }
    return error
  }

  /// Whether a program has it.
  var isOpen: Bool {
    if case .closed = state { false } else { !isQueued }
  }

  var isClosed: Bool { if case .closed = state { true } else { false } }

  /// Whether both ends are there.
  var isConnected: Bool {
    if case .connected = state { error == 0 && !isQueued } else { false }
  }

  var peerState: PeerState { error != 0 ? .broken : hasEnd ? .ended : .open }

  // MARK: - Bytes

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int {
    let count = min(room, incoming.count - incomingStart)
    guard count > 0 else {
      if error != 0 {
        errno = error
        return -1
      }
      if hasEnd { return 0 }
      errno = EAGAIN
      return -1
    }
    incoming[incomingStart..<incomingStart + count].withUnsafeBytes {
      base.copyMemory(from: $0.baseAddress!, byteCount: count)
    }
    if isPeeking { return count }
    incomingStart += count
    if incomingStart == incoming.count {
      incoming.removeAll(keepingCapacity: true)
      incomingStart = 0
    }
    // The peer may send as much again when it learns of it.
    if let peer { network?.send(0, over: host, lane) { peer.acknowledge(count) } }
    return count
  }

  private func acknowledge(_ count: Int) {
    outstanding -= count
    network?.noteChange(of: self)
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    if error != 0 || isWritingShut {
      errno = error != 0 ? error : EPIPE
      return -1
    }
    guard let peer, let network else {
      errno = EPIPE
      return -1
    }
    let room = network.bufferSize(over: host) - outstanding
    guard room > 0 else {
      errno = EAGAIN
      return -1
    }
    let count = min(room, bytes.count)
    outstanding += count
    var sent = 0
    while sent < count {
      let size = min(network.segmentSize(over: host), count - sent)
      let segment = Array(bytes[sent..<sent + size])
      network.send(size, over: host, lane) { [self] in peer.arrived(segment, from: self) }
      sent += size
    }
    return count
  }

  private func arrived(_ segment: [UInt8], from sender: MemorySocket) {
    if case .closed = state {
      // Nothing reads here any more: the answer is a reset.
      network?.send(0, over: host, lane) { sender.breakConnection() }
      return
    }
    guard error == 0 else { return }
    incoming += segment
    network?.noteChange(of: self)
  }

  // MARK: - Ending

  func shutdownWriting() {
    guard !isWritingShut else { return }
    isWritingShut = true
    guard let peer else { return }
    network?.send(0, over: host, lane) {
      peer.hasEnd = true
      peer.network?.noteChange(of: peer)
    }
  }

  func resetOnClose() { resetsOnClose = true }

  func close() {
    if case .closed = state { return }
    if case .listening = state {
      network?.listeners.removeAll { $0 === self }
      for waiting in queue { waiting.reset() }
      queue = []
    } else if resetsOnClose || incomingStart < incoming.count {
      // What was not read is lost: TCP says so with a reset (RFC 9293 §3.10.7.1).
      reset()
    } else {
      shutdownWriting()
    }
    state = .closed
    peer = nil
    incoming = []
    incomingStart = 0
    events = []
  }

  private func reset() {
    state = .closed
    guard let peer else { return }
    self.peer = nil
    network?.send(0, over: host, lane) { peer.breakConnection() }
  }

  /// A reset has arrived, or a connect has failed. What had come before can still be read.
  func breakConnection(_ reason: Int32 = ECONNRESET) {
    if case .closed = state { return }
    error = reason
    peer = nil
    network?.noteChange(of: self)
  }

  // MARK: - Watches

  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    SourcedEvent(self, -1, interest, handler: handler)
  }

  func begin(_ event: SourcedEvent) -> Bool {
    if case .closed = state {
      errno = EBADF
      return false
    }
    events.append(event)
    network?.noteChange(of: self)
    return true
  }

  func end(_ event: SourcedEvent) { events.removeAll { $0 === event } }

  private func isReady(for interest: FileEvent.Interest) -> Bool {
    if error != 0 { return true }
    switch interest {
    case .read: return incomingStart < incoming.count || hasEnd || !queue.isEmpty
    case .write:
      guard case .connected = state else { return false }
      return isWritingShut || outstanding < network?.bufferSize(over: host) ?? 0
    case .signal: return false
    }
  }

  /// Calls the watches that are ready; those that still are when their handlers have returned are called again in the
  /// next turn.
  func fireReady() {
    for event in events where event.isEnabled && isReady(for: event.interest) { event.fire() }
    if events.contains(where: { isReady(for: $0.interest) }) { network?.noteChange(of: self) }
  }
}
