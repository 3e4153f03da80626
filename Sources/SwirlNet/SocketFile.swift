import SwirlPlatform

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

  /// Removes the file, if it is still this one.
  func remove() {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode else { return }
    unlink(path)
  }

  /// Removes a stale socket at `address`, left by a server without a `stop()`: one without a listener.
  /// - Returns: whether the path is free now.
  static func removeStale(at address: SocketAddress) -> Bool {
    guard let status = status(of: address.host), status.st_mode & S_IFMT == S_IFSOCK else { return false }
    let descriptor = Socket.stream(address.domain)
    guard descriptor >= 0 else { return false }
    defer { Socket.close(descriptor) }
    return Socket.connect(descriptor, to: address) == .failed(errno: ECONNREFUSED) && unlink(address.host) == 0
  }

  private static func status(of path: String) -> stat? {
    guard !path.isEmpty, path.utf8.first != 0 else { return nil }
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }
}
