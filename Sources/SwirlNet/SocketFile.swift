import SwirlPlatform
import SwirlReactor

/// The file of a listening Unix socket.
struct SocketFile {
  private let path: String
  // The file's identity: another server may have replaced it by its own.
  private let device: dev_t
  private let inode: ino_t

  /// nil if `address` has no file: a port, or a name in the abstract namespace.
  init?(of address: SocketAddress) {
    guard address.family == .unix, let status = Self.status(of: address.host) else { return nil }
    path = address.host
    device = status.st_dev
    inode = status.st_ino
  }

  /// Removes the file, if it is still this one, and if no other descriptor of the socket listens on: another reactor of
  /// a group, or the process that this one has passed the socket to. To it this looks like a connection that comes and
  /// goes.
  func removeUnlessServed(at address: SocketAddress) {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode, Self.isDead(address)
    else { return }
    unlink(path)
  }

  /// Removes a stale socket at `address`, left by a server without a `stop()`: one without a listener.
  /// - Returns: whether the path is free now.
  static func removeStale(at address: SocketAddress) -> Bool {
    guard let status = status(of: address.host), status.st_mode & S_IFMT == S_IFSOCK else { return false }
    return isDead(address) && unlink(address.host) == 0
  }

  /// Removes a stale socket for datagrams at `address`: one that no process has open.
  static func removeStaleDatagrams(at address: SocketAddress) -> Bool {
    guard address.family == .unix, let status = status(of: address.host), status.st_mode & S_IFMT == S_IFSOCK else {
      return false
    }
    return isDead(address, Socket.datagram(address.domain)) && unlink(address.host) == 0
  }

  /// Removes the file of a socket for datagrams, if it is still this one.
  func removeUnlessReplaced() {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode else { return }
    unlink(path)
  }

  /// Whether no process listens at the path.
  private static func isDead(_ address: SocketAddress) -> Bool { isDead(address, Socket.stream(address.domain)) }

  private static func isDead(_ address: SocketAddress, _ descriptor: Int32) -> Bool {
    guard descriptor >= 0 else { return false }
    defer { Socket.close(descriptor) }
    // A child that is being started does not serve it.
    return ChildStart.lock.withLock { Socket.connect(descriptor, to: address) == .failed(errno: ECONNREFUSED) }
  }

  private static func status(of path: String) -> stat? {
    guard !path.isEmpty, path.utf8.first != 0 else { return nil }
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }
}
