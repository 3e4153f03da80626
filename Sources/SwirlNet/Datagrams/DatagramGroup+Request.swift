import SwirlPlatform

extension DatagramGroup {
  /// The index of an interface.
  static func index(of name: String) throws(SocketOptionError) -> UInt32 {
    let index = name.utf8.contains(0) ? 0 : if_nametoindex(name)
    guard index != 0 else {
      throw SocketOptionError(errno: ENXIO, reason: "this machine has no interface \"\(name)\"")
    }
    return index
  }

  /// Joins or leaves it: the options of RFC 3678, which are the same for both families.
  func apply(isJoining: Bool, to descriptor: Int32) throws(SocketOptionError) {
    #if os(Linux)
    // struct group_req and struct group_source_req: the index, padding, the addresses, each with the room of a
    // sockaddr_storage.
    let (place, room) = (8, MemoryLayout<sockaddr_storage>.size)
    let (join, leave): (Int32, Int32) = source == nil ? (42, 45) : (46, 47)
    #else
    let (place, room) = (4, MemoryLayout<sockaddr_storage>.size)
    let (join, leave): (Int32, Int32) = source == nil ? (80, 81) : (82, 83)
    #endif
    var request = [UInt8](repeating: 0, count: place + (source == nil ? 1 : 2) * room)
    withUnsafeBytes(of: interface) { request.replaceSubrange(0..<4, with: $0) }
    for (index, address) in [group, source].compactMap(\.self).enumerated() {
      let start = place + index * room
      address.withSockaddr { pointer, length in
        request.replaceSubrange(
          start..<start + Int(length), with: UnsafeRawBufferPointer(start: pointer, count: Int(length)))
      }
    }
    let level = Int32(group.family == .ipv6 ? IPPROTO_IPV6 : IPPROTO_IP)
    guard setsockopt(descriptor, level, isJoining ? join : leave, request, socklen_t(request.count)) != 0 else {
      return
    }
    let words = String(cString: strerror(errno)).lowercased()
    throw SocketOptionError(
      errno: errno, reason: "the system does not \(isJoining ? "join" : "leave") the group \(group.host): \(words)")
  }
}
