import CSwirlSystem
import SwirlPlatform

/// The socket system calls of this module, with types for Swift: -1 is an error; errno has the reason.
enum Socket {
  /// The socket type; its declaration differs with the other imports.
  #if os(Linux)
  static let streamType = Int32(SOCK_STREAM.rawValue)
  static let datagramType = Int32(SOCK_DGRAM.rawValue)
  #else
  static let streamType = SOCK_STREAM
  static let datagramType = SOCK_DGRAM
  #endif

  /// Makes a non-blocking, close-on-exec stream socket.
  static func stream(_ domain: Int32) -> Int32 {
    #if os(Linux)
    socket(domain, streamType | SOCK_NONBLOCK_ | SOCK_CLOEXEC_, 0)
    #else
    prepare(socket(domain, streamType, 0))
    #endif
  }

  /// Makes a non-blocking, close-on-exec datagram socket.
  static func datagram(_ domain: Int32) -> Int32 {
    #if os(Linux)
    socket(domain, Int32(SOCK_DGRAM.rawValue) | SOCK_NONBLOCK_ | SOCK_CLOEXEC_, 0)
    #else
    prepare(socket(domain, SOCK_DGRAM, 0))
    #endif
  }

  /// The progress of a connect.
  enum ConnectProgress: Equatable {
    case done
    /// The outcome is known once the socket is writable (see `takeError`), or by calling connect again.
    case underWay
    case failed(errno: Int32)
  }

  /// Starts a connect, or checks one in progress.
  static func connect(_ descriptor: Int32, to address: SocketAddress) -> ConnectProgress {
    if address.withSockaddr({ systemConnect(descriptor, $0, $1) }) == 0 { return .done }
    switch errno {
    case EISCONN: return .done
    // An interrupted connect continues by itself, like one in progress.
    case EINPROGRESS, EALREADY, EINTR: return .underWay
    default: return .failed(errno: errno)
    }
  }

  private static func systemConnect(
    _ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
  ) -> Int32 {
    #if os(Linux)
    Glibc.connect(descriptor, address, length)
    #else
    Darwin.connect(descriptor, address, length)
    #endif
  }

  /// Binds the socket to `address`; -1 is an error.
  static func bind(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
    address.withSockaddr { systemBind(descriptor, $0, $1) }
  }

  /// Gives a Unix socket a name in Linux's abstract namespace that no other has (unix(7), autobind).
  static func bindUnnamed(_ descriptor: Int32) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)!)
    _ = withUnsafeBytes(of: &address) {
      systemBind(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!, length)
    }
  }

  /// Starts to listen; -1 is an error.
  static func listen(_ descriptor: Int32, _ backlog: Int32) -> Int32 {
    #if os(Linux)
    Glibc.listen(descriptor, backlog)
    #else
    Darwin.listen(descriptor, backlog)
    #endif
  }

  private static func systemBind(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32
  {
    #if os(Linux)
    Glibc.bind(descriptor, address, length)
    #else
    Darwin.bind(descriptor, address, length)
    #endif
  }

  /// Accepts the next connection of a listening socket, with the peer's address.
  static func accept(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress?) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        #if os(Linux)
        let descriptor = swirl_accept(listener, address, &length)
        #else
        let descriptor = prepare(systemAccept(listener, address, &length))
        #endif
        return (descriptor, descriptor < 0 ? nil : SocketAddress(address, length)?.unmapped)
      }
    }
  }

  #if os(Linux)
  private static let SOCK_NONBLOCK_ = Int32(SOCK_NONBLOCK.rawValue)
  private static let SOCK_CLOEXEC_ = Int32(SOCK_CLOEXEC.rawValue)
  #else
  private static func prepare(_ descriptor: Int32) -> Int32 {
    guard descriptor >= 0 else { return descriptor }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    set(descriptor, SOL_SOCKET, SO_NOSIGPIPE, 1)
    return descriptor
  }
  private static func systemAccept(
    _ listener: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ length: inout socklen_t
  ) -> Int32 { Darwin.accept(listener, address, &length) }
  #endif

  @discardableResult
  static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Int32 {
    var value = value
    return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Disables Nagle's algorithm, so that small writes are sent at once. A Unix socket refuses this, harmlessly.
  static func setNoDelay(_ descriptor: Int32) { set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }

  /// Makes `close` send a reset and drop the kernel's send buffer.
  static func resetOnClose(_ descriptor: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger_>.size))
  }
  private typealias linger_ = linger

  /// The error of a connect that was in progress, or zero.
  static func takeError(_ descriptor: Int32) -> Int32 {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
    return error
  }

  /// The value of an option; nil if the descriptor has no such option, with the reason in `errno`.
  static func option(_ descriptor: Int32, _ level: Int32, _ option: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, level, option, &value, &length) == 0 ? value : nil
  }

  static func localAddress(_ descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &length) == 0 ? SocketAddress($0, length)?.unmapped : nil
      }
    }
  }

  /// The peer of a connected socket; nil without a peer, or without its name.
  static func peerAddress(_ descriptor: Int32) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getpeername(descriptor, $0, &length) == 0 ? SocketAddress($0, length)?.unmapped : nil
      }
    }
  }

  static func isConnected(_ descriptor: Int32) -> Bool {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
    }
  }

  /// Sends without ever raising SIGPIPE.
  static func send(_ descriptor: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    #if os(Linux)
    Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
    #else
    Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
    #endif
  }

  static func close(_ descriptor: Int32) {
    #if os(Linux)
    _ = Glibc.close(descriptor)
    #else
    _ = Darwin.close(descriptor)
    #endif
  }
}
