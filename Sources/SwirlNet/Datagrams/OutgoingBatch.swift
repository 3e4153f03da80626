import CSwirlSystem
import SwirlPlatform

/// The memory of a sendmmsg(2): places for some datagrams, or for runs of datagrams of one size to one peer.
///
/// Its pointers are right because this allocates them once, with their structures pointing at one another, and frees
/// them at its end. Those to the bytes of a queue are used within the call that sets them.
final class OutgoingBatch {
  private static let capacity = 64
  private static let addressRoom = 128
  /// What the kernel takes in one run (UDP_MAX_SEGMENTS), and what an IPv4 packet holds.
  private static let maximumSegments = 64
  private static let maximumRun = 65_507

  private let messages: UnsafeMutablePointer<swirl_batched_message>
  private let vectors: UnsafeMutablePointer<swirl_vector>
  private let addresses: UnsafeMutableRawPointer
  private let controls: UnsafeMutableRawPointer
  /// The number of datagrams in each message. Exempt from run-time checks for overlapping access: one call fills it and
  /// reads it.
  @exclusivity(unchecked) private var counts = [Int](repeating: 0, count: OutgoingBatch.capacity)

  /// The number of datagrams in the first message of the last call.
  var headCount: Int { counts[0] }

  init() {
    messages = .allocate(capacity: Self.capacity)
    vectors = .allocate(capacity: Self.capacity)
    addresses = .allocate(byteCount: Self.capacity * Self.addressRoom, alignment: 16)
    controls = .allocate(byteCount: Self.capacity * ControlMessages.room, alignment: 16)
    for index in 0..<Self.capacity {
      vectors[index] = swirl_vector(base: nil, length: 0)
      var message = swirl_message()
      message.vectors = vectors + index
      message.vector_count = 1
      messages[index] = swirl_batched_message(message: message, length: 0)
    }
  }

  deinit {
    messages.deallocate()
    vectors.deallocate()
    addresses.deallocate()
    controls.deallocate()
  }

  /// Sends datagrams from the front of the queue, and returns how many; zero or less with the reason in `errno`.
  func send(_ queue: DatagramQueue, on socket: KernelDatagrams, usesSegments: Bool) -> Int {
    let sent = queue.bytes.withUnsafeBytes { bytes in
      var count = 0
      var index = 0
      while count < Self.capacity, index < queue.count {
        let run = usesSegments ? self.run(of: queue, at: index) : 1
        counts[count] = run
        set(count, queue, index, run, UnsafeMutableRawPointer(mutating: bytes.baseAddress), socket.family)
        index += run
        count += 1
      }
      return Int(swirl_send_messages(socket.descriptor, messages, UInt32(count), Int32(MSG_NOSIGNAL)))
    }
    guard sent > 0 else { return sent }
    return counts[..<sent].reduce(0, +)
  }

  /// How many datagrams from `index` on have one size, but for a shorter last one, and one destination. Their bytes are
  /// behind one another.
  private func run(of queue: DatagramQueue, at index: Int) -> Int {
    let first = queue[index]
    guard first.count > 0, index + 1 < queue.count else { return 1 }
    var run = 1
    var total = first.count
    while run < Self.maximumSegments, index + run < queue.count {
      let next = queue[index + run]
      guard next.count > 0, next.count <= first.count, total + next.count <= Self.maximumRun,
        next.destination == first.destination, next.source == first.source
      else { break }
      run += 1
      total += next.count
      if next.count < first.count { break }
    }
    return run
  }

  private func set(
    _ place: Int, _ queue: DatagramQueue, _ index: Int, _ run: Int, _ bytes: UnsafeMutableRawPointer?,
    _ family: SocketAddress.Family
  ) {
    let first = queue[index]
    let last = queue[index + run - 1]
    vectors[place].base = bytes.map { $0 + first.start }
    vectors[place].length = last.start + last.count - first.start
    if let destination = first.destination {
      let address = addresses + place * Self.addressRoom
      messages[place].message.name = address
      messages[place].message.name_length = UInt32(destination.adapted(to: family).write(to: address))
    } else {
      messages[place].message.name = nil
      messages[place].message.name_length = 0
    }
    guard run > 1 || first.source != nil else {
      messages[place].message.control = nil
      messages[place].message.control_length = 0
      return
    }
    let control = controls + place * ControlMessages.room
    var length = 0
    if let source = first.source?.adapted(to: family) { length = write(source, in: control) }
    if run > 1 {
      length = ControlMessages.write(
        UInt16(first.count), ControlMessages.udp, ControlMessages.segment, in: control, at: length)
    }
    messages[place].message.control = control
    messages[place].message.control_length = length
  }

  /// The address to send from: a struct in_pktinfo or in6_pktinfo.
  private func write(_ source: SocketAddress, in control: UnsafeMutableRawPointer) -> Int {
    switch source.ipParts {
    case .ipv4(let address):
      ControlMessages.write(
        (UInt32(0), address, UInt32(0)), Int32(IPPROTO_IP), ControlMessages.ipv4Info, in: control, at: 0)
    case .ipv6(let high, let low, let scope):
      ControlMessages.write(
        IPv6PacketInfo(high: high, low: low, interface: scope), Int32(IPPROTO_IPV6), ControlMessages.ipv6Info,
        in: control, at: 0)
    case nil: 0
    }
  }

  /// struct in6_pktinfo, in 20 bytes.
  private struct IPv6PacketInfo: BitwiseCopyable {
    var parts: (UInt32, UInt32, UInt32, UInt32, UInt32)

    init(high: UInt64, low: UInt64, interface: UInt32) {
      let words = unsafeBitCast((high, low), to: (UInt32, UInt32, UInt32, UInt32).self)
      parts = (words.0, words.1, words.2, words.3, interface)
    }
  }
}
