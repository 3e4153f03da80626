import CSwirlSystem
import SwirlPlatform

/// The memory of a recvmmsg(2): places for some datagrams, with their addresses and control messages.
///
/// Its pointers are right because this allocates them once, with their structures pointing at one another, and frees
/// them at its end; nothing else keeps one beyond a call.
final class IncomingBatch {
  static let capacity = 32
  /// The longest datagram, or run of joined ones.
  static let room = 65_535
  /// A little more than the room, so that the first bytes of the datagrams do not fall on the same lines of the
  /// processor's caches.
  private static let stride = 65_536 + 576
  private static let addressRoom = 128

  private let messages: UnsafeMutablePointer<swirl_batched_message>
  private let vectors: UnsafeMutablePointer<swirl_vector>
  /// Only pages that a datagram was written to take memory.
  private let content: UnsafeMutableRawPointer
  private let addresses: UnsafeMutableRawPointer
  private let controls: UnsafeMutableRawPointer
  /// How many places the last call has written to.
  private var used = IncomingBatch.capacity
  private var room = -1

  init() {
    messages = .allocate(capacity: Self.capacity)
    vectors = .allocate(capacity: Self.capacity)
    content = .allocate(byteCount: Self.capacity * Self.stride, alignment: 64)
    addresses = .allocate(byteCount: Self.capacity * Self.addressRoom, alignment: 16)
    controls = .allocate(byteCount: Self.capacity * ControlMessages.room, alignment: 16)
    for index in 0..<Self.capacity {
      vectors[index] = swirl_vector(base: content + index * Self.stride, length: 0)
      var message = swirl_message()
      message.name = addresses + index * Self.addressRoom
      message.vectors = vectors + index
      message.vector_count = 1
      message.control = controls + index * ControlMessages.room
      messages[index] = swirl_batched_message(message: message, length: 0)
    }
  }

  deinit {
    messages.deallocate()
    vectors.deallocate()
    content.deallocate()
    addresses.deallocate()
    controls.deallocate()
  }

  /// Receives what there is, and returns the number of datagrams; -1 with the reason in `errno`.
  func receive(from descriptor: Int32, room: Int) -> Int {
    prepare(room)
    // With MSG_TRUNC the length is that of the datagram, not of what was copied.
    let count = Int(swirl_receive_messages(descriptor, messages, UInt32(Self.capacity), Int32(MSG_TRUNC)))
    used = max(count, 0)
    return count
  }

  private func prepare(_ room: Int) {
    if room != self.room {
      self.room = room
      for index in 0..<Self.capacity { vectors[index].length = room }
    }
    // The kernel writes how much it has used.
    for index in 0..<used {
      messages[index].message.name_length = UInt32(Self.addressRoom)
      messages[index].message.control_length = ControlMessages.room
    }
  }

  func length(_ index: Int) -> Int { Int(messages[index].length) }

  func isTruncated(_ index: Int) -> Bool { messages[index].message.flags & UInt32(MSG_TRUNC) != 0 }

  func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: (content + index * Self.stride).assumingMemoryBound(to: UInt8.self), count: min(length(index), room))
  }

  /// nil for a Unix socket without a path.
  func source(_ index: Int) -> SocketAddress? {
    SocketAddress(
      UnsafeRawBufferPointer(
        start: addresses + index * Self.addressRoom, count: Int(messages[index].message.name_length)))
  }

  /// What the control messages of a datagram say.
  struct Facts {
    var destination: SocketAddress?
    /// The address to answer from; nil for the system's choice.
    var local: SocketAddress?
    /// The size of the joined datagrams; zero if it is one.
    var segmentSize = 0
  }

  func facts(_ index: Int) -> Facts {
    var facts = Facts()
    let count = messages[index].message.control_length
    if count == 0 { return facts }
    ControlMessages.forEach(UnsafeRawBufferPointer(start: controls + index * ControlMessages.room, count: count)) {
      level, type, content in
      switch (level, type) {
      case (Int32(IPPROTO_IP), ControlMessages.ipv4Info) where content.count >= 12:
        // struct in_pktinfo: the index of the interface, the local address, the address in the header.
        facts.local = SocketAddress(ipv4: content.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        facts.destination = SocketAddress(ipv4: content.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
      case (Int32(IPPROTO_IPV6), ControlMessages.ipv6Info) where content.count >= 20:
        // struct in6_pktinfo: the address in the header, the index of the interface.
        let halves = content.loadUnaligned(as: (UInt64, UInt64).self)
        let address = SocketAddress(ipv6: halves, scope: content.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        facts.destination = address
        facts.local = address.isMulticast || address.unmapped.isMulticast ? nil : address
      case (ControlMessages.udp, ControlMessages.joined) where content.count >= 4:
        facts.segmentSize = Int(content.loadUnaligned(as: Int32.self))
      default: break
      }
    }
    return facts
  }

  /// An error that a router or a peer has sent, and where the datagram that it is about was sent to.
  struct Refusal {
    let errno: Int32
    let destination: SocketAddress?
  }

  /// The next error of a socket; nil without any. It overwrites the first place.
  func nextError(of descriptor: Int32) -> Refusal? {
    #if os(Linux)
    used = max(used, 1)
    prepare(room < 0 ? Self.room : room)
    guard swirl_receive_messages(descriptor, messages, 1, Int32(MSG_ERRQUEUE)) == 1 else { return nil }
    let message = messages[0].message
    var errno: Int32 = 0
    ControlMessages.forEach(UnsafeRawBufferPointer(start: controls, count: message.control_length)) {
      level, type, content in
      // struct sock_extended_err: the error number first, then the origin, of which 1 is this machine: what it refuses
      // by itself, send(2) has returned.
      guard content.count >= 16, content[4] != 1,
        (level, type) == (Int32(IPPROTO_IP), ControlMessages.ipv4Errors)
          || (level, type) == (Int32(IPPROTO_IPV6), ControlMessages.ipv6Errors)
      else { return }
      errno = content.loadUnaligned(as: Int32.self)
    }
    return Refusal(errno: errno, destination: source(0))
    #else
    return nil
    #endif
  }
}
