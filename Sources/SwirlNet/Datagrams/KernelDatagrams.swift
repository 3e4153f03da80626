import CSwirlSystem
import SwirlReactor
import SwirlPlatform

/// A datagram socket of the kernel.
final class KernelDatagrams: DatagramChannel {
  let descriptor: Int32
  let localAddress: SocketAddress
  let family: SocketAddress.Family
  /// The peer of a connected socket.
  let peer: SocketAddress?
  private let batches: DatagramBatches
  private let maximumSize: Int
  /// Whether runs of datagrams are passed to the kernel in one piece; false since an interface refused that.
  private var usesSegments: Bool
  private var isOpen = true
  /// The file of a Unix socket that was bound here.
  private let file: SocketFile?

  /// Takes over a bound, non-blocking socket.
  init(
    _ descriptor: Int32, _ family: SocketAddress.Family, peer: SocketAddress?, ownsFile: Bool = true,
    _ options: DatagramOptions, on reactor: Reactor
  ) {
    self.descriptor = descriptor
    self.family = family
    self.peer = peer
    localAddress = Socket.localAddress(descriptor) ?? SocketAddress.unnamed(family)
    file = peer == nil && ownsFile ? SocketFile(of: localAddress) : nil
    batches = reactor.attached(DatagramBatches.self) { DatagramBatches() }
    maximumSize = options.maximumSize
    usesSegments = options.usesSegmentationOffload && family != .unix
    #if os(Linux)
    guard family != .unix else { return }
    let isIPv6 = family == .ipv6
    let level = Int32(isIPv6 ? IPPROTO_IPV6 : IPPROTO_IP)
    // The errors of ICMP, with the addresses that they are about.
    Socket.set(descriptor, level, isIPv6 ? ControlMessages.ipv6Errors : ControlMessages.ipv4Errors, 1)
    // A dual-stack socket gets the errors of both.
    if isIPv6, !options.isIPv6Only { Socket.set(descriptor, Int32(IPPROTO_IP), ControlMessages.ipv4Errors, 1) }
    // Otherwise it gets the datagrams of the groups that any program of this machine has joined.
    Socket.set(descriptor, level, isIPv6 ? ControlMessages.ipv6AllGroups : ControlMessages.ipv4AllGroups, 0)
    if localAddress.isUnspecified {
      Socket.set(descriptor, level, isIPv6 ? ControlMessages.ipv6ReceiveInfo : ControlMessages.ipv4Info, 1)
    }
    // Kernels before 5.0 refuse it, which does no harm.
    if usesSegments { Socket.set(descriptor, ControlMessages.udp, ControlMessages.joined, 1) }
    #endif
  }

  func fileEvent(on reactor: Reactor, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    reactor.fileEvent(descriptor, interest, handler: handler)
  }

  func close() {
    guard isOpen else { return }
    isOpen = false
    Socket.close(descriptor)
    file?.removeUnlessReplaced()
  }

  func change(_ change: DatagramChange) throws(SocketOptionError) {
    switch change {
    case .join(let group): try group.apply(isJoining: true, to: descriptor)
    case .leave(let group): try group.apply(isJoining: false, to: descriptor)
    }
  }

  var droppedCount: Int {
    #if os(Linux)
    // SO_MEMINFO: an array of numbers, of which the last is that of drops (SK_MEMINFO_DROPS).
    var numbers = [UInt32](repeating: 0, count: 9)
    var size = socklen_t(numbers.count * MemoryLayout<UInt32>.size)
    return getsockopt(descriptor, SOL_SOCKET, 55, &numbers, &size) == 0 ? Int(numbers[8]) : 0
    #else
    return 0
    #endif
  }

  // MARK: - Receiving

  func receive(into sink: any DatagramSink) -> Bool {
    // A callback that makes another socket receive would overwrite the datagrams that are being passed on.
    let batch = batches.incoming.take() ?? IncomingBatch()
    defer { batches.incoming = batch }
    let count = batch.receive(from: descriptor, room: usesSegments ? IncomingBatch.room : maximumSize)
    guard count > 0 else {
      if count < 0 { receivingFailed(errno, sink, batch) }
      return false
    }
    for index in 0..<count where sink.isReceiving { deliver(index, of: batch, to: sink) }
    return count == IncomingBatch.capacity
  }

  private func deliver(_ index: Int, of batch: IncomingBatch, to sink: any DatagramSink) {
    let source = batch.source(index)?.unmapped ?? SocketAddress.unnamed(family)
    let facts = batch.facts(index)
    let destination = facts.destination?.unmapped.with(port: localAddress.port) ?? localAddress
    let local = facts.local?.unmapped
    guard !batch.isTruncated(index) else { return sink.receivedTooLong(batch.length(index), from: source) }
    let bytes = batch.bytes(index)
    // Datagrams that were joined: all are of one size, but for the last.
    let size = facts.segmentSize > 0 ? facts.segmentSize : max(bytes.count, 1)
    var start = 0
    repeat {
      guard sink.isReceiving else { return }
      let end = min(start + size, bytes.count)
      if end - start > maximumSize {
        sink.receivedTooLong(end - start, from: source)
      } else {
        let datagram = UnsafeBufferPointer(rebasing: bytes[start..<end])
        sink.received(datagram.span, from: source, to: destination, at: local)
      }
      start = end
    } while start < bytes.count
  }

  private func receivingFailed(_ errno: Int32, _ sink: any DatagramSink, _ batch: IncomingBatch) {
    let hasReported = reportErrors(to: sink, batch)
    if hasReported || [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) { return }
    sink.failed(NetError(.read, peer ?? localAddress, errno: errno))
  }

  /// Reports the errors that routers and peers have sent. Returns whether there were any.
  private func reportErrors(to sink: any DatagramSink, _ batch: IncomingBatch) -> Bool {
    var hasReported = false
    while isOpen, family != .unix, let refusal = batch.nextError(of: descriptor) {
      hasReported = true
      guard refusal.errno != 0 else { continue }
      sink.failed(NetError(.write, refusal.destination?.unmapped ?? peer ?? localAddress, errno: refusal.errno))
    }
    return hasReported
  }

  private func reportErrors(to sink: any DatagramSink) -> Bool {
    let batch = batches.incoming.take() ?? IncomingBatch()
    defer { batches.incoming = batch }
    return reportErrors(to: sink, batch)
  }

  // MARK: - Sending

  func send(_ queue: inout DatagramQueue, reportingTo sink: any DatagramSink) -> Bool {
    /// Whether the head was refused by an error that may belong to an earlier datagram.
    var isRetrying = false
    while !queue.isEmpty {
      let batch = batches.outgoing
      let sent = batch.send(queue, on: self, usesSegments: usesSegments)
      if sent > 0 {
        isRetrying = false
        sink.sent(sent)
        queue.removeFirst(sent)
        continue
      }
      let errno = errno
      if errno == EAGAIN || errno == EWOULDBLOCK { return false }
      if errno == EINTR { continue }
      if usesSegments, batch.headCount > 1, [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP].contains(errno) {
        // Longer than its packets, or an interface without checksums.
        usesSegments = false
        continue
      }
      // The error of an earlier datagram: the head was not sent.
      if reportErrors(to: sink), !isRetrying, errno != EMSGSIZE {
        isRetrying = true
        continue
      }
      let head = queue[0]
      queue.removeFirst()
      isRetrying = false
      sink.failed(NetError(sending: head.count, to: head.destination ?? peer, errno))
    }
    return true
  }
}

extension NetError {
  /// A datagram that was not sent.
  package init(sending count: Int, to destination: SocketAddress?, _ errno: Int32) {
    let peer = destination?.description ?? "the peer"
    switch errno {
    case EMSGSIZE: self.init(.write, peer, errno: errno, reason: Self.tooLong(count, destination))
    case EACCES where destination?.family == .ipv4:
      self.init(.write, peer, errno: errno, reason: "permission denied: a broadcast address needs allowsBroadcast")
    case ENOENT where destination?.family == .unix:
      self.init(.write, peer, errno: errno, reason: "no such file: nothing listens there")
    default: self.init(.write, peer, errno: errno)
    }
  }

  static func tooLong(_ count: Int, _ destination: SocketAddress?) -> String {
    "a datagram of \(count) bytes is too long"
      + (destination?.family == .unix ? ": raise sendBufferSize" : ": UDP takes 65,507 bytes, and a network often less")
  }
}

extension SocketAddress {
  /// The address of a socket without an address.
  static func unnamed(_ family: Family) -> SocketAddress {
    switch family {
    case .ipv4: SocketAddress(ip: "0.0.0.0", port: 0)!
    case .ipv6: SocketAddress(ip: "::", port: 0)!
    case .unix: unnamedUnix
    }
  }

  private static let unnamedUnix: SocketAddress = {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let length = MemoryLayout.offset(of: \sockaddr_un.sun_path)!
    return withUnsafeBytes(of: &address) { SocketAddress(UnsafeRawBufferPointer(rebasing: $0[..<length]))! }
  }()
}
