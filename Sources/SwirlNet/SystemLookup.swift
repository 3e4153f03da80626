import SwirlPlatform

/// Looks up a name by `getaddrinfo(3)`, which may block for long and so must run on a pool thread.
enum SystemLookup {
  /// - Throws: ``NetError`` with the system's message.
  static func addresses(of name: String) throws -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Socket.streamType
    var list: UnsafeMutablePointer<addrinfo>?
    errno = 0
    let code = getaddrinfo(name, nil, &hints, &list)
    let systemError = errno
    guard code == 0 else { throw error(name, code, systemError) }
    defer { if let list { freeaddrinfo(list) } }
    var found: [SocketAddress] = []
    var next = list
    while let entry = next {
      if let address = SocketAddress(entry.pointee.ai_addr, entry.pointee.ai_addrlen), !found.contains(address) {
        found.append(address)
      }
      next = entry.pointee.ai_next
    }
    return found
  }

  private static func error(_ name: String, _ code: Int32, _ systemError: Int32) -> NetError {
    if code == EAI_SYSTEM { return NetError(.resolve, name, errno: systemError) }
    // If the system cannot open a file or socket, it reports an unknown name or a silent server.
    if let number = descriptorError(systemError) { return NetError(.resolve, name, errno: number) }
    let words = String(cString: gai_strerror(code)).lowercased()
    let advice =
      switch code {
      case EAI_NONAME: ": check the spelling"
      case EAI_AGAIN: ": no name server answered; check the network, or try again later"
      default: ""
      }
    return NetError(.resolve, name, reason: words + advice)
  }

  /// The error number for exhausted descriptors, if those may be the cause of a failed lookup.
  private static func descriptorError(_ systemError: Int32) -> Int32? {
    if systemError == EMFILE || systemError == ENFILE { return systemError }
    let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
    if probe < 0 { return errno == EMFILE || errno == ENFILE ? errno : nil }
    close(probe)
    return nil
  }
}
