import CSwirlSystem
import SwirlPlatform
import SwirlReactor

#if os(Linux)
/// A Unix socket that carries descriptors beside its bytes (SCM_RIGHTS, unix(7)).
final class PassingSocket: SimulatedSocket {
  private let descriptor: Int32
  private unowned let reactor: Reactor
  /// How many may have come and not been taken.
  var limit = 0
  /// Ends the connection with an error.
  var fail: (NetError) -> Void = { _ in }
  private(set) var received: [PassedDescriptor] = []
  /// The number of bytes that the kernel has taken.
  private(set) var sentCount = 0
  /// Descriptors that go with the byte of that number.
  private var outgoing: [(offset: Int, descriptors: [PassedDescriptor])] = []

  /// The kernel's limit (SCM_MAX_FD).
  static let mostAtOnce = 253

  init(_ descriptor: Int32, on reactor: Reactor) {
    self.descriptor = descriptor
    self.reactor = reactor
  }

  var localAddress: SocketAddress? { Socket.localAddress(descriptor) }
  var peerState: PeerState { StreamSocket(descriptor).peerState }
  func takeError() -> Int32 { Socket.takeError(descriptor) }
  func accept() -> (socket: StreamSocket, peer: SocketAddress?)? { nil }
  func shutdownWriting() { StreamSocket(descriptor).shutdownWriting() }
  func resetOnClose() { Socket.resetOnClose(descriptor) }

  func close() {
    Socket.close(descriptor)
    received = []
    outgoing = []
    fail = { _ in }
  }

  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    reactor.fileEvent(descriptor, interest, handler: handler)
  }

  func take() -> [PassedDescriptor] {
    defer { received = [] }
    return received
  }

  // MARK: - Sending

  /// Copies of the descriptors go with the byte of that number.
  func enqueue(_ descriptors: [PassedDescriptor], at offset: Int) { outgoing.append((offset, descriptors)) }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    guard let next = outgoing.first else { return sent(Socket.send(descriptor, bytes)) }
    // Up to the byte that has descriptors; with it they go in one call.
    if next.offset > sentCount {
      return sent(Socket.send(descriptor, UnsafeBufferPointer(rebasing: bytes.prefix(next.offset - sentCount))))
    }
    let numbers = next.descriptors.map(\.fileDescriptor)
    let length = ControlMessages.headerSize + numbers.count * 4
    let count = withControl(ControlMessages.padded(length)) { control in
      control.storeBytes(of: length, toByteOffset: 0, as: Int.self)
      control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
      control.storeBytes(of: Self.rights, toByteOffset: 12, as: Int32.self)
      for (index, number) in numbers.enumerated() {
        control.storeBytes(of: number, toByteOffset: ControlMessages.headerSize + index * 4, as: Int32.self)
      }
      // The kernel only reads the bytes of a message that it sends.
      let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
      return exchange(base, bytes.count, control, length) {
        swirl_send_messages(descriptor, $0, 1, Int32(MSG_NOSIGNAL))
      }.count
    }
    if count >= 0 { outgoing.removeFirst() }
    return sent(count)
  }

  private func sent(_ count: Int) -> Int {
    if count > 0 { sentCount += count }
    return count
  }

  // MARK: - Receiving

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int {
    // Without a limit the program does not expect any: the kernel closes what comes.
    if isPeeking || limit == 0 { return recv(descriptor, base, room, isPeeking ? Int32(MSG_PEEK) : 0) }
    let space = ControlMessages.padded(ControlMessages.headerSize + Self.mostAtOnce * 4)
    var arrived: [PassedDescriptor] = []
    let result = withControl(space) { control in
      let result = exchange(base, room, control, space) {
        swirl_receive_messages(descriptor, $0, 1, Self.closeOnExec)
      }
      if result.count >= 0 {
        arrived = Self.descriptors(in: UnsafeRawBufferPointer(start: control, count: result.used))
      }
      return result
    }
    guard result.count >= 0 else { return -1 }
    let isTruncated = result.flags & UInt32(MSG_CTRUNC) != 0
    if isTruncated || received.count + arrived.count > limit {
      let reason =
        isTruncated
        ? "the kernel could not hand over all descriptors that the peer passed: raise the limit (ulimit -n)"
        : "it passed more than \(limit) descriptors that were not taken"
      arrived = []
      fail(NetError(.read, "the peer", errno: isTruncated ? EMFILE : ETOOMANYREFS, reason: reason))
      errno = EAGAIN
      return -1
    }
    received += arrived
    return result.count
  }

  private static func descriptors(in control: UnsafeRawBufferPointer) -> [PassedDescriptor] {
    var found: [PassedDescriptor] = []
    ControlMessages.forEach(control) { level, type, content in
      guard level == SOL_SOCKET, type == rights else { return }
      for start in stride(from: 0, to: content.count - 3, by: 4) {
        found.append(PassedDescriptor(content.loadUnaligned(fromByteOffset: start, as: Int32.self)))
      }
    }
    return found
  }

  /// SCM_RIGHTS.
  private static let rights: Int32 = 1
  /// MSG_CMSG_CLOEXEC, which the headers show as an unsigned number.
  private static let closeOnExec: Int32 = 0x4000_0000

  private func withControl<Result>(_ size: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> Result {
    // Freed when this returns; the kernel keeps no reference to it.
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { body($0.baseAddress!) }
  }

  /// One message with one vector, in a batch of one. The pointers stay within the call.
  private func exchange(
    _ base: UnsafeMutableRawPointer, _ size: Int, _ control: UnsafeMutableRawPointer, _ controlSize: Int,
    _ call: (UnsafeMutablePointer<swirl_batched_message>) -> Int32
  ) -> (count: Int, used: Int, flags: UInt32) {
    var vector = swirl_vector(base: base, length: size)
    return withUnsafeMutablePointer(to: &vector) { vector in
      var message = swirl_batched_message()
      message.message.vectors = vector
      message.message.vector_count = 1
      message.message.control = control
      message.message.control_length = controlSize
      if call(&message) < 1 { return (-1, 0, 0) }
      return (Int(message.length), message.message.control_length, message.message.flags)
    }
  }
}
#endif
