import SwirlPlatform

/// The file by which a Unix socket that is listened on is found.
struct SocketFile {
  private let path: String
  // Which file it is: another server may have put its own in the place.
  private let device: dev_t
  private let inode: ino_t

  /// nil when `address` has no file: a port, or a name in the abstract namespace.
  init?(of address: SocketAddress) {
    guard address.family == .unix, let status = Self.status(of: address.host) else { return nil }
    path = address.host
    device = status.st_dev
    inode = status.st_ino
  }

  /// Removes the file, if it is still the same.
  func remove() {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode else { return }
    unlink(path)
  }

  /// Removes the socket that a server left at `address` when it ended without a `stop()`: one where nobody listens.
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
