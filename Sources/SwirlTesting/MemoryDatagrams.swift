import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor

/// A socket for datagrams of a ``MemoryNetwork``.
final class MemoryDatagrams: DatagramChannel, ReadinessSource, NotedSocket {
  let localAddress: SocketAddress
  private let peer: SocketAddress?
  // Weak: the network may be released before its reactor, and the reactor closes its sockets only then.
  private weak var network: MemoryNetwork?
  private let options: DatagramOptions
  private var arrived: [(bytes: [UInt8], source: SocketAddress, destination: SocketAddress)] = []
  private var arrivedBytes = 0
  private var errors: [NetError] = []
  private var groups: Set<DatagramGroup> = []
  private(set) var droppedCount = 0
  private var isOpen = true
  private var events: [SourcedEvent] = []
  var isNoted = false

  /// How many datagrams are passed on in a turn.
  private static let batch = 32
  /// What an IPv4 packet holds.
  private static let maximumSize = 65_507

  init(
    at address: SocketAddress?, to peer: SocketAddress?, _ options: DatagramOptions, on network: MemoryNetwork
  ) throws(NetError) {
    let own = address ?? SocketAddress(ip: peer?.isLoopback == true ? "127.0.0.1" : "10.0.0.1", port: 0)!
    localAddress = own.port == 0 && own.family != .unix ? own.with(port: network.nextPort()) : own
    self.peer = peer
    self.options = options
    self.network = network
    let isTaken = network.datagramSockets.contains {
      $0.localAddress == localAddress && !(options.reusesAddress && $0.options.reusesAddress)
        && !(options.reusesPort && $0.options.reusesPort)
    }
    if isTaken { throw NetError(.listen, localAddress, errno: EADDRINUSE) }
    network.datagramSockets.append(self)
  }

  // MARK: - Sending

  func send(_ queue: inout DatagramQueue, reportingTo sink: any DatagramSink) -> Bool {
    while let (bytes, entry) = queue.head {
      queue.removeFirst()
      guard let destination = entry.destination ?? peer else { continue }
      if bytes.count > Self.maximumSize {
        sink.failed(NetError(sending: bytes.count, to: destination, EMSGSIZE))
      } else {
        sink.sent(1)
        send(bytes, from: entry.source?.with(port: localAddress.port) ?? localAddress, to: destination)
      }
    }
    return true
  }

  private func send(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress) {
    guard let network else { return }
    let (far, near) = (network.knownHost(at: destination), network.knownHost(at: source))
    let link = far?.link ?? near?.link ?? network.link
    network.segments += 1
    if far?.isCut == true || near?.isCut == true { return }
    if link.loss > 0, Double.random(in: 0..<1, using: &network.reactor.random) < link.loss { return }
    network.reactor.callLater(delay(link, network)) { [weak network, weak self] in
      guard let network, far?.isCut != true, near?.isCut != true else { return }
      let receivers = network.datagramSockets.filter { $0.takes(from: source, to: destination) }
      for receiver in receivers { receiver.take(bytes, source, destination) }
      if receivers.isEmpty, !destination.isMulticast {
        // The answer is an ICMP message.
        network.reactor.callLater(link.latency) { self?.refuse(destination) }
      }
    }
  }

  private func delay(_ link: MemoryNetwork.Link, _ network: MemoryNetwork) -> Duration {
    if link.jitter <= .zero { return link.latency }
    return link.latency + .nanoseconds(Int64.random(in: 0...link.jitter.nanoseconds, using: &network.reactor.random))
  }

  private func takes(from source: SocketAddress, to destination: SocketAddress) -> Bool {
    if let peer, peer != source { return false }
    guard destination.port == localAddress.port else { return false }
    if destination.isMulticast {
      return groups.contains {
        $0.group.with(port: destination.port) == destination && ($0.source.map { $0.host == source.host } ?? true)
      }
    }
    return localAddress == destination || localAddress.host == "0.0.0.0" || destination.host == "255.255.255.255"
  }

  private func take(_ bytes: [UInt8], _ source: SocketAddress, _ destination: SocketAddress) {
    guard isOpen, let network else { return }
    let room = (network.knownHost(at: localAddress)?.link ?? network.link).bufferSize
    // The kernel, too, takes one datagram however small the buffer is.
    guard arrived.isEmpty || arrivedBytes + bytes.count <= room else {
      droppedCount += 1
      return
    }
    arrived.append((bytes, source, destination))
    arrivedBytes += bytes.count
    network.noteChange(of: self)
  }

  private func refuse(_ destination: SocketAddress) {
    guard isOpen else { return }
    errors.append(NetError(.write, destination, errno: ECONNREFUSED))
    network?.noteChange(of: self)
  }

  // MARK: - Receiving

  func receive(into sink: any DatagramSink) -> Bool {
    while !errors.isEmpty, sink.isReceiving { sink.failed(errors.removeFirst()) }
    var count = 0
    while count < Self.batch, !arrived.isEmpty, sink.isReceiving {
      let datagram = arrived.removeFirst()
      arrivedBytes -= datagram.bytes.count
      count += 1
      if datagram.bytes.count > options.maximumSize {
        sink.receivedTooLong(datagram.bytes.count, from: datagram.source)
      } else {
        let isGroup = datagram.destination.isMulticast
        sink.received(
          datagram.bytes.span, from: datagram.source, to: datagram.destination,
          at: isGroup ? nil : datagram.destination)
      }
    }
    return count == Self.batch
  }

  func change(_ change: DatagramChange) throws(SocketOptionError) {
    switch change {
    case .join(let group):
      if !groups.insert(group).inserted { throw SocketOptionError(errno: EADDRINUSE, reason: nil) }
    case .leave(let group):
      if groups.remove(group) == nil { throw SocketOptionError(errno: EADDRNOTAVAIL, reason: nil) }
    }
  }

  func close() {
    isOpen = false
    network?.datagramSockets.removeAll { $0 === self }
    arrived = []
    errors = []
    events = []
  }

  // MARK: - Watches

  func fileEvent(on reactor: Reactor, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    SourcedEvent(self, -1, interest, handler: handler)
  }

  func begin(_ event: SourcedEvent) -> Bool {
    events.append(event)
    network?.noteChange(of: self)
    return true
  }

  func end(_ event: SourcedEvent) { events.removeAll { $0 === event } }

  private func isReady(for interest: FileEvent.Interest) -> Bool {
    interest == .write || !arrived.isEmpty || !errors.isEmpty
  }

  /// As `MemorySocket.fireReady`.
  func fireReady() {
    for event in events where event.isEnabled && isReady(for: event.interest) { event.fire() }
    if events.contains(where: { isReady(for: $0.interest) }) { network?.noteChange(of: self) }
  }
}
