import SwirlPlatform

/// Reads a small file of the system.
enum SystemFile {
  private static let maximumSize = 4 << 20

  /// The file as text; nil if it cannot be read, or is not a regular file: a FIFO would block.
  static func text(_ path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size) + 1, maximumSize))
    var count = 0
    while count < bytes.count {
      let (start, room) = (count, bytes.count - count)
      // The kernel writes no more than `room`.
      let got = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress! + start, room) }
      guard got > 0 else { break }
      count += got
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
