import SwirlPlatform
import Synchronization

/// An open listening socket that no listener uses yet: from systemd, from another process, or to pass to one.
///
/// ```swift
/// let inherited = try ListeningSocket.inherited()
/// if let socket = inherited.first { try server.listen(inherited: socket) } else { try server.listen(8080) }
/// ```
///
/// It is closed when it is released unused. Any thread may use it.
public final class ListeningSocket: Sendable {
  /// The address where it listens.
  public let localAddress: SocketAddress
  /// Its name, such as that of systemd's `FileDescriptorName=`; nil if it is unnamed.
  public let name: String?
  /// Whether the file of a Unix socket is removed by the `stop()` of its listener.
  let ownsFile: Bool
  private let descriptor: Mutex<Int32>

  /// Takes over a descriptor: a listening stream socket, TCP or Unix. It becomes non-blocking, for every process that
  /// has it, and is closed on exec.
  /// - Throws: ``NetError`` with the code `.listen` if it is anything else; then the descriptor stays the caller's.
  public convenience init(descriptor: Int32, name: String? = nil) throws {
    try self.init(checking: descriptor, name: name, ownsFile: false)
  }

  init(checking descriptor: Int32, name: String?, ownsFile: Bool) throws(NetError) {
    let title = name.map { "descriptor \(descriptor) (\($0))" } ?? "descriptor \(descriptor)"
    localAddress = try Self.check(descriptor, title)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    self.descriptor = Mutex(descriptor)
    self.name = name
    self.ownsFile = ownsFile
  }

  /// A second descriptor of a listener's socket.
  init(duplicating descriptor: Int32, _ address: SocketAddress) throws(NetError) {
    guard descriptor >= 0 else {
      throw NetError(.listen, address, reason: "it has stopped, or is of a network in memory: it has no socket")
    }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw NetError(.listen, address, errno: errno) }
    self.descriptor = Mutex(copy)
    localAddress = address
    name = nil
    // The last one that listens removes it.
    ownsFile = true
  }

  deinit {
    let descriptor = descriptor.withLock { $0 }
    if descriptor >= 0 { Socket.close(descriptor) }
  }

  /// Calls `body` with its descriptor; -1 if a listener has it.
  package func withDescriptor<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
    // Not under the lock, which is for taking it: the caller retains this.
    try body(descriptor.withLock { $0 })
  }

  /// The descriptor, which the caller has to close.
  func take() throws(NetError) -> Int32 {
    let taken = descriptor.withLock { descriptor in
      defer { descriptor = -1 }
      return descriptor
    }
    guard taken >= 0 else {
      throw NetError(.listen, localAddress, reason: "a listener has this inherited socket already")
    }
    return taken
  }

  /// The address of a usable descriptor.
  private static func check(_ descriptor: Int32, _ title: String) throws(NetError) -> SocketAddress {
    guard fcntl(descriptor, F_GETFD) != -1 else {
      throw NetError(.listen, title, errno: EBADF, reason: "it is not open")
    }
    guard let type = Socket.option(descriptor, SOL_SOCKET, SO_TYPE) else {
      throw NetError(.listen, title, errno: errno, reason: "it is no socket, but a file, a pipe or a terminal")
    }
    guard type == Socket.streamType else {
      throw NetError(.listen, title, errno: EPROTOTYPE, reason: "it is no stream socket: datagrams are not served")
    }
    guard Socket.option(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
      throw NetError(
        .listen, title, errno: EINVAL,
        reason: "it does not listen: it is a connection (with systemd: Accept=yes), or listen(2) was not called")
    }
    guard let address = Socket.localAddress(descriptor) else {
      throw NetError(.listen, title, errno: EAFNOSUPPORT, reason: "it is neither a TCP nor a Unix socket")
    }
    return address
  }
}
