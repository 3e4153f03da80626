import SwirlDeferred
import SwirlPlatform

#if os(Linux)
extension Transport {
  /// Lets the peer of a Unix connection pass descriptors, of which at most `limit` may have come and not been taken.
  ///
  /// Call it in `connectionMade`: before that the kernel closes what comes. One descriptor more ends the connection
  /// with an error, and closes those that came with it. They are closed on exec.
  /// - Throws: ``NetError`` if this is no plain Unix connection of the kernel.
  public func receiveDescriptors(atMost limit: Int) throws {
    require(limit > 0, "a limit of descriptors is at least one")
    try passing(.read).limit = limit
  }

  /// The descriptors that have come since the last call, in their order. In `dataReceived` these are the ones that came
  /// with the bytes, or before them: descriptors never come behind the first byte that they were sent with. Those that
  /// are not taken are closed when the connection ends. Twisted: `fileDescriptorReceived`.
  public func takeDescriptors() -> [PassedDescriptor] { passingSocket?.take() ?? [] }

  /// Sends `bytes`, at least one, and with the first of them copies of open descriptors (SCM_RIGHTS), at most 253.
  ///
  /// The copies are made at once: the caller may close its own when this returns. Twisted: `sendFileDescriptor`;
  /// Python: `socket.send_fds`.
  /// - Throws: ``NetError`` with the code `.write` if this is no plain Unix connection of the kernel, it is closing, or
  ///   a descriptor is not open; nothing is sent then.
  public func write(_ bytes: [UInt8], passing descriptors: [Int32]) throws {
    let socket = try passing(.write)
    let name = "the peer"
    guard !bytes.isEmpty else {
      throw NetError(.write, name, errno: EINVAL, reason: "descriptors go with a byte at least")
    }
    guard descriptors.count <= PassingSocket.mostAtOnce else {
      throw NetError(.write, name, errno: EINVAL, reason: "at most \(PassingSocket.mostAtOnce) descriptors go at once")
    }
    var copies: [PassedDescriptor] = []
    for descriptor in descriptors {
      let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
      if copy < 0 { throw NetError(.write, name, errno: errno, reason: "descriptor \(descriptor) cannot be copied") }
      copies.append(PassedDescriptor(copy))
    }
    if !copies.isEmpty { socket.enqueue(copies, at: socket.sentCount + bufferedBytes) }
    write(bytes)
  }

  private var passingSocket: PassingSocket? { (self as? SocketTransport)?.socket.simulated as? PassingSocket }

  private func passing(_ code: NetError.Code) throws(NetError) -> PassingSocket {
    if let passingSocket { return passingSocket }
    guard let transport = self as? SocketTransport, transport.state == .open, !transport.isEndReceived else {
      let name = peerAddress?.description ?? "the peer"
      throw NetError(code, name, reason: "only an open Unix connection carries descriptors")
    }
    return try transport.carryDescriptors(code)
  }
}

extension SocketTransport {
  fileprivate func carryDescriptors(_ code: NetError.Code) throws(NetError) -> PassingSocket {
    let descriptor = socket.descriptor
    // SO_DOMAIN.
    guard descriptor >= 0, security == nil, Socket.option(descriptor, SOL_SOCKET, 39) == AF_UNIX else {
      throw NetError(code, peerName, errno: EOPNOTSUPP, reason: "only a plain Unix connection carries descriptors")
    }
    let passing = PassingSocket(descriptor, on: reactor)
    passing.fail = { [unowned self] error in
      // What came behind them is not delivered.
      isReadingPaused = true
      endSoon(.failed, error)
    }
    socket = StreamSocket(passing)
    return passing
  }
}

extension Connection {
  /// Lets the peer of a Unix connection pass descriptors: see ``Transport/receiveDescriptors(atMost:)``. Call it before
  /// the peer sends any.
  /// - Throws: ``NetError`` if this is no plain Unix connection of the kernel.
  public func receiveDescriptors(atMost limit: Int) async throws {
    try await withTransport { transport in maybeDeferred { try transport.receiveDescriptors(atMost: limit) } }
  }

  /// The descriptors that have come since the last call, in their order: at least those that came with the bytes that
  /// ``inbound`` has given.
  public func takeDescriptors() async throws -> [PassedDescriptor] {
    try await withTransport { .succeed($0.takeDescriptors()) }
  }

  /// Sends `bytes`, at least one, and with the first of them copies of open descriptors: see
  /// ``Transport/write(_:passing:)``.
  /// - Throws: ``NetError`` with the code `.write`.
  public func write(_ bytes: [UInt8], passing descriptors: [Int32]) async throws {
    try await withTransport { transport in maybeDeferred { try transport.write(bytes, passing: descriptors) } }
  }
}
#endif
