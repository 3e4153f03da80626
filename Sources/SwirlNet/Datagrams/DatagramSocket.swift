public import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

/// A socket for datagrams: messages that arrive whole, or not at all, in any order, from any peer.
///
/// ```swift
/// let socket = try reactor.listenUDP(9999) { datagram, socket in socket.reply(to: datagram, datagram.bytes) }
/// ```
///
/// What is sent in a turn of the loop goes to the kernel at its end, many datagrams in one call, and in order. The
/// reactor retains a socket until ``close()``. Use it on the reactor's thread. Twisted: `IUDPTransport`; asyncio:
/// `DatagramTransport`; Node.js: `dgram.Socket`.
public final class DatagramSocket: ReactorHandle {
  /// The numbers of datagrams that a socket has received, sent and lost.
  public struct Counts: Sendable, Hashable {
    /// Datagrams that the program got.
    public internal(set) var received = 0
    /// Datagrams that the kernel took.
    public internal(set) var sent = 0
    /// Datagrams that were not queued because ``DatagramOptions/maximumQueuedBytes`` was reached, or that a close has
    /// dropped.
    public internal(set) var unsent = 0
    /// Datagrams that came while the kernel's receive buffer was full, because the program did not read; Linux.
    public internal(set) var missed = 0
    /// Datagrams that were longer than ``DatagramOptions/maximumSize``.
    public internal(set) var tooLong = 0
  }

  /// Its address, with the port that the kernel chose for port zero. Known after `close()` too.
  public let localAddress: SocketAddress

  /// The port of ``localAddress``; zero for a Unix socket.
  public var port: Int { localAddress.port }

  /// The peer of a connected socket, the only one that it exchanges datagrams with; otherwise nil.
  public let peerAddress: SocketAddress?

  /// Called with each error, if it has no ``DatagramProtocol``: see ``DatagramProtocol/errorReceived(_:)``. Without
  /// this, errors are in the log, at the level `debug`.
  public var onError: ((_ error: NetError) -> Void)?

  package unowned let reactor: Reactor
  private let channel: any DatagramChannel
  let maximumQueuedBytes: Int
  // Most are exempt from run-time checks for overlapping access: each is read or written as a whole, without a call of
  // the program's code meanwhile.
  @exclusivity(unchecked) private var receiver: Receiver
  @exclusivity(unchecked) private var tally = Counts()
  @exclusivity(unchecked) private var queue = DatagramQueue()
  private var readEvent: FileEvent!
  @exclusivity(unchecked) private var writeEvent: FileEvent?
  @exclusivity(unchecked) private var state = State.open
  /// Whether a flush follows in this turn: at the end of a batch, or by the reactor.
  @exclusivity(unchecked) private var isFlushDue = false
  private var isReadingPaused = false
  /// Whether the program is to learn when the queue is empty again.
  private var owesEmptied = false
  /// The errors of the datagrams that are being passed to the kernel. The program gets them behind that: it may send
  /// when it does, and the queue can't be changed meanwhile.
  private var sendingErrors: [NetError]?
  /// Deferreds for an empty queue.
  private var drains: [Deferred<Void>] = []
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .datagramSocket }
  package var handlePeer: String? { (peerAddress ?? localAddress).description }
  package var begunWork: (count: Int, name: String)? { (1, "datagram socket") }

  private enum State {
    case open
    /// Sends what is queued.
    case closing
    case closed
  }

  /// Who gets the datagrams.
  private enum Receiver {
    case program(any DatagramProtocol)
    case handler((Datagram, DatagramSocket) -> Void)
    /// The calls of `receive()`: datagrams that no call has taken, or calls without a datagram.
    case calls(arrived: RingBuffer<Datagram>, waiting: [Deferred<Datagram>])
  }

  /// The number of batches before other events get their turn.
  private static let batchesPerTurn = 4
  /// How long a closed socket keeps what the kernel does not take.
  private static let closingLimit = Duration.seconds(5)

  /// Takes over a channel.
  init(
    _ channel: any DatagramChannel, peer: SocketAddress?, _ options: DatagramOptions, on reactor: Reactor,
    at site: CallSite
  ) throws(NetError) {
    self.channel = channel
    self.reactor = reactor
    localAddress = channel.localAddress
    peerAddress = peer
    maximumQueuedBytes = options.maximumQueuedBytes
    receiver = .calls(arrived: RingBuffer(), waiting: [])
    readEvent = channel.fileEvent(on: reactor, .read) { [unowned self] in readReady() }
    reactor.insertHandle(self, at: site)
  }

  deinit { release() }

  /// Passes datagrams to a protocol from now on.
  package func start(_ datagramProtocol: any DatagramProtocol) {
    receiver = .program(datagramProtocol)
    datagramProtocol.socketOpened(self)
    updateReading()
  }

  func start(_ handler: @escaping (Datagram, DatagramSocket) -> Void) {
    receiver = .handler(handler)
    updateReading()
  }

  /// Whether it is open: it was not closed here.
  public var isOpen: Bool { if case .open = state { true } else { false } }

  /// The numbers of datagrams that it has received, sent and lost.
  public var counts: Counts {
    if case .closed = state { return tally }
    var counts = tally
    counts.missed = channel.droppedCount
    return counts
  }

  // MARK: - Sending

  /// Sends a datagram. Errors come later, to the protocol or ``onError``.
  ///
  /// - Parameters:
  ///   - bytes: the content, at most 65,507 bytes with UDP; more than 1,232 need fragments on some networks.
  ///   - destination: the address to send to; nil for the peer of a connected socket.
  ///   - source: the local address to send from, of a socket for all addresses; nil for the system's choice.
  /// - Returns: false if it was dropped, because the queue is full or the socket is closed.
  @discardableResult
  public func send(
    _ bytes: Span<UInt8>, to destination: SocketAddress? = nil, from source: SocketAddress? = nil
  ) -> Bool {
    require(destination != nil || peerAddress != nil, "a datagram needs an address, or a socket that is connected")
    guard isOpen, queue.isEmpty || queue.cost + bytes.count <= maximumQueuedBytes else {
      tally.unsent += 1
      return false
    }
    queue.append(bytes, to: destination, from: source)
    if !isFlushDue, writeEvent?.isEnabled != true {
      isFlushDue = true
      reactor.callSoon { [self] in flush() }
    }
    return true
  }

  /// Sends a datagram. See above.
  @discardableResult
  public func send(
    _ bytes: [UInt8], to destination: SocketAddress? = nil, from source: SocketAddress? = nil
  ) -> Bool { send(bytes.span, to: destination, from: source) }

  /// Sends a datagram of text in UTF-8. See above.
  @discardableResult
  public func send(
    _ text: String, to destination: SocketAddress? = nil, from source: SocketAddress? = nil
  ) -> Bool { send(Array(text.utf8).span, to: destination, from: source) }

  /// Answers a datagram, from the address that it was sent to.
  @discardableResult
  public func reply(to datagram: Datagram, _ bytes: [UInt8]) -> Bool {
    send(bytes.span, to: peerAddress == nil ? datagram.source : nil, from: datagram.local)
  }

  /// Answers a datagram with text in UTF-8.
  @discardableResult
  public func reply(to datagram: Datagram, _ text: String) -> Bool { reply(to: datagram, Array(text.utf8)) }

  /// The bytes of the datagrams that the kernel has not taken yet, with 64 for each.
  public var queuedBytes: Int { queue.cost }

  /// Fires when the kernel has taken all datagrams, at once if it has; fails if the socket is closed before.
  public func drained() -> Deferred<Void> {
    if queue.isEmpty { return .succeed(()) }
    let drain = Deferred<Void>(canceller: { [weak self] drain in self?.drains.removeAll { $0 === drain } })
    drains.append(drain)
    return drain
  }

  private func flush() {
    isFlushDue = false
    if case .closed = state { return }
    sendingErrors = []
    // Taken out, because what the channel calls may look at it; the program is not among that.
    var sending = DatagramQueue()
    swap(&sending, &queue)
    let isEmptied = channel.send(&sending, reportingTo: self)
    precondition(queue.isEmpty, "datagrams were queued while others were passed to the kernel")
    swap(&sending, &queue)
    let errors = sendingErrors.take() ?? []
    if isEmptied {
      writeEvent?.disable()
    } else {
      owesEmptied = true
      if writeEvent == nil { writeEvent = channel.fileEvent(on: reactor, .write) { [unowned self] in flush() } }
      writeEvent?.enable()
    }
    for error in errors { failed(error) }
    // Each callback may queue more, and close the socket behind that.
    guard isEmptied, queue.isEmpty else { return }
    let drained = drains
    drains = []
    if owesEmptied, case .program(let datagramProtocol) = receiver {
      owesEmptied = false
      datagramProtocol.sendQueueEmptied()
    }
    for drain in drained where !drain.isFired { drain.callback(()) }
    if case .closing = state, queue.isEmpty { end() }
  }

  // MARK: - Receiving

  /// Gives the next datagram: one that has come, or the first that comes. Calls get datagrams in their order. For a
  /// socket that was made without a handler or a protocol.
  ///
  /// Fails with a ``NetError`` when the peer of a connected socket refuses a datagram, and when the socket is closed.
  public func receive() -> Deferred<Datagram> {
    guard case .calls(var arrived, var waiting) = receiver else {
      fatalError("receive() of a socket whose datagrams go to its handler or its protocol")
    }
    guard isOpen else { return .fail(closedError) }
    if let datagram = arrived.popFirst() {
      receiver = .calls(arrived: arrived, waiting: waiting)
      return .succeed(datagram)
    }
    let call = Deferred<Datagram>(canceller: { [weak self] call in self?.leave(call) })
    waiting.append(call)
    receiver = .calls(arrived: arrived, waiting: waiting)
    updateReading()
    return call
  }

  private func leave(_ call: Deferred<Datagram>) {
    guard case .calls(let arrived, var waiting) = receiver else { return }
    waiting.removeAll { $0 === call }
    receiver = .calls(arrived: arrived, waiting: waiting)
    updateReading()
  }

  /// Reads no more datagrams until ``resumeReading()``: those that come wait in the kernel's receive buffer. Those of a
  /// batch that was read are still delivered.
  public func pauseReading() {
    isReadingPaused = true
    updateReading()
  }

  /// Reads datagrams again.
  public func resumeReading() {
    isReadingPaused = false
    updateReading()
  }

  private func updateReading() {
    let hasReader =
      switch receiver {
      case .program, .handler: true
      case .calls(_, let waiting): !waiting.isEmpty
      }
    if isOpen, hasReader, !isReadingPaused { readEvent.enable() } else { readEvent.disable() }
  }

  private func readReady() {
    // Answers are sent at the end of a batch, in one call.
    let flushes = !isFlushDue
    isFlushDue = true
    for _ in 0..<Self.batchesPerTurn {
      let hasMore = channel.receive(into: self)
      if flushes, !queue.isEmpty, writeEvent?.isEnabled != true {
        flush()
        isFlushDue = true
      }
      if !hasMore || !readEvent.isEnabled { break }
    }
    if flushes { isFlushDue = false }
  }

  // MARK: - Groups

  /// Joins a group: its datagrams arrive here, too.
  ///
  /// - Parameters:
  ///   - group: the address of the group, such as `239.255.255.250` or `ff02::fb`.
  ///   - interface: the name of the interface, such as `eth0`; nil for the system's choice.
  ///   - source: the only sender whose datagrams are wanted (RFC 4607); nil for all.
  /// - Throws: ``NetError`` with the code `.listen`. Twisted: `joinGroup`.
  public func join(_ group: String, interface: String? = nil, source: String? = nil) throws {
    try change(group, interface, source) { .join($0) }
  }

  /// Leaves a group, with the same arguments. Twisted: `leaveGroup`.
  /// - Throws: ``NetError`` with the code `.listen`, also for a group that was not joined.
  public func leave(_ group: String, interface: String? = nil, source: String? = nil) throws {
    try change(group, interface, source) { .leave($0) }
  }

  private func change(
    _ group: String, _ interface: String?, _ source: String?, _ change: (DatagramGroup) -> DatagramChange
  ) throws {
    guard isOpen else { throw closedError }
    guard let address = SocketAddress(ip: group, port: 0), address.isMulticast else {
      throw NetError(
        .listen, group, reason: "a group is an address of 224.0.0.0/4 or ff00::/8, such as 239.255.255.250")
    }
    let sender = source.map { SocketAddress(ip: $0, port: 0) }
    if let source, sender.flatMap(\.self) == nil {
      throw NetError(.listen, group, reason: "the sender \"\(source)\" is not an address such as 192.0.2.1")
    }
    do {
      let index = try interface.map { name throws(SocketOptionError) in try DatagramGroup.index(of: name) } ?? 0
      try channel.change(change(DatagramGroup(group: address, source: sender.flatMap(\.self), interface: index)))
    } catch { throw NetError(.listen, group, errno: error.errno, reason: error.reason) }
  }

  // MARK: - Ending

  private var closedError: NetError {
    NetError(.read, peerAddress ?? localAddress, reason: "the socket was closed here")
  }

  /// Closes the socket once the kernel has taken what was sent, at most five seconds later; no more datagrams arrive. A
  /// second call does nothing. Twisted: `stopListening`; asyncio: `close`.
  public func close() {
    guard isOpen else { return }
    state = .closing
    readEvent.disable()
    if !queue.isEmpty, writeEvent?.isEnabled != true { flush() }
    if queue.isEmpty { return end() }
    reactor.callLater(Self.closingLimit) { [weak self] in self?.end() }
  }

  private func end() {
    if case .closed = state { return }
    tally.missed = channel.droppedCount
    tally.unsent += queue.count
    let receiver = receiver
    release()
    reactor.handles.remove(self)
    let undrained = drains
    drains = []
    for drain in undrained where !drain.isFired { drain.errback(closedError) }
    switch receiver {
    case .program(let datagramProtocol): datagramProtocol.socketClosed()
    case .handler: break
    case .calls(_, let waiting): for call in waiting where !call.isFired { call.errback(closedError) }
    }
  }

  package func abandon() { release() }

  private func release() {
    if case .closed = state { return }
    state = .closed
    readEvent.close()
    writeEvent?.close()
    channel.close()
    queue.removeAll()
    // They may retain this.
    receiver = .calls(arrived: RingBuffer(), waiting: [])
    onError = nil
  }
}

extension DatagramSocket: DatagramSink {
  package var isReceiving: Bool { isOpen }

  package func received(
    _ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress, at local: SocketAddress?
  ) {
    tally.received += 1
    if case .program(let datagramProtocol) = receiver {
      return datagramProtocol.datagramReceived(bytes, from: source, to: destination)
    }
    let datagram = Datagram(bytes.withUnsafeBufferPointer { Array($0) }, from: source, to: destination, at: local)
    switch receiver {
    case .handler(let handler): handler(datagram, self)
    case .program: break
    case .calls(var arrived, var waiting):
      while let call = waiting.first {
        waiting.removeFirst()
        receiver = .calls(arrived: arrived, waiting: waiting)
        updateReading()
        return call.callback(datagram)
      }
      arrived.append(datagram)
      receiver = .calls(arrived: arrived, waiting: waiting)
    }
  }

  package func receivedTooLong(_ count: Int, from source: SocketAddress) {
    tally.tooLong += 1
    failed(NetError(.read, source, errno: EMSGSIZE, reason: "a datagram of \(count) bytes is longer than maximumSize"))
  }

  package func sent(_ count: Int) { tally.sent += count }

  package func failed(_ error: NetError) {
    if sendingErrors?.append(error) != nil { return }
    switch receiver {
    case .program(let datagramProtocol):
      reactor.note("\(error)")
      return datagramProtocol.errorReceived(error)
    case .calls(let arrived, let waiting) where peerAddress != nil && !waiting.isEmpty:
      receiver = .calls(arrived: arrived, waiting: [])
      updateReading()
      for call in waiting where !call.isFired { call.errback(error) }
    case .handler, .calls: break
    }
    if let onError { onError(error) } else { reactor.note("\(error)") }
  }
}

@available(*, unavailable, message: "A socket belongs to the thread of its reactor")
extension DatagramSocket: Sendable {}
