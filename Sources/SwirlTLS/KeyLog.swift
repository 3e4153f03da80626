import SwirlNet
import SwirlPlatform

/// The file of session secrets for debugging, in NSS Key Log Format.
final class KeyLog {
  private let file: CInt

  /// The file that the environment names; nil if it does not name a file.
  static func ofEnvironment() throws(NetError) -> KeyLog? {
    guard let path = getenv("SSLKEYLOGFILE").map({ String(cString: $0) }), !path.isEmpty else { return nil }
    return try KeyLog(path)
  }

  /// Opens the file at `path` to append to it, or makes one that its owner alone can read. Does not wait for a FIFO.
  init(_ path: String) throws(NetError) {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard file >= 0 else { throw NetError(.configureTLS, path, errno: errno) }
    self.file = file
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw NetError(
        .configureTLS, path, reason: "SSLKEYLOGFILE names it, and it is no regular file: name another, or unset it")
    }
  }

  deinit { close(file) }

  /// Appends a line in one write, so that lines of several processes do not mix. An error is ignored: the connection
  /// does not depend on it.
  func append(_ line: UnsafePointer<CChar>) {
    let length = strlen(line)
    var bytes = UnsafeRawBufferPointer(start: line, count: length).map { $0 }
    bytes.append(0x0A)
    _ = write(file, bytes, bytes.count)
  }
}
