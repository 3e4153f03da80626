import SwirlPlatform

/// The control messages of datagrams (cmsg(3)) and options beside them: their numbers on Linux, which its headers hide
/// in part, and their layout.
enum ControlMessages {
  static let ipv4Info: Int32 = 8
  static let ipv6Info: Int32 = 50
  /// IPV6_RECVPKTINFO.
  static let ipv6ReceiveInfo: Int32 = 49
  /// IP_RECVERR.
  static let ipv4Errors: Int32 = 11
  /// IPV6_RECVERR.
  static let ipv6Errors: Int32 = 25
  /// IP_MULTICAST_ALL.
  static let ipv4AllGroups: Int32 = 49
  /// IPV6_MULTICAST_ALL.
  static let ipv6AllGroups: Int32 = 29
  /// SOL_UDP.
  static let udp: Int32 = 17
  /// UDP_SEGMENT.
  static let segment: Int32 = 103
  /// UDP_GRO.
  static let joined: Int32 = 104

  /// The room for the messages of a datagram. Those of an error take the most: 16 bytes of header, 16 of error, 28 of
  /// address.
  static let room = 128

  /// struct cmsghdr: the length with this header, the level, the type.
  static let headerSize = 16

  static func padded(_ count: Int) -> Int { (count + 7) & ~7 }

  /// Calls `body` with each message in `control`.
  static func forEach(
    _ control: UnsafeRawBufferPointer, _ body: (_ level: Int32, _ type: Int32, UnsafeRawBufferPointer) -> Void
  ) {
    var start = 0
    while start + headerSize <= control.count {
      let length = control.loadUnaligned(fromByteOffset: start, as: Int.self)
      guard length >= headerSize, start + length <= control.count else { return }
      body(
        control.loadUnaligned(fromByteOffset: start + 8, as: Int32.self),
        control.loadUnaligned(fromByteOffset: start + 12, as: Int32.self),
        UnsafeRawBufferPointer(rebasing: control[start + headerSize..<start + length]))
      start += padded(length)
    }
  }

  /// Writes a message with `content` at `start`, and returns where the next one begins.
  static func write(
    _ content: some BitwiseCopyable, _ level: Int32, _ type: Int32, in control: UnsafeMutableRawPointer, at start: Int
  ) -> Int {
    let length = headerSize + MemoryLayout.size(ofValue: content)
    control.storeBytes(of: length, toByteOffset: start, as: Int.self)
    control.storeBytes(of: level, toByteOffset: start + 8, as: Int32.self)
    control.storeBytes(of: type, toByteOffset: start + 12, as: Int32.self)
    withUnsafeBytes(of: content) {
      (control + start + headerSize).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
    return start + padded(length)
  }
}
