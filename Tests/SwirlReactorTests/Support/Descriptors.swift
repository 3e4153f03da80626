import SwirlPlatform
import SwirlReactor

/// The number of open descriptors of the process.
func openDescriptors() -> Int {
  (0..<4096).count { fcntl(Int32($0), F_GETFD) != -1 }
}

/// A pipe or a socket pair, closed with the object.
final class DescriptorPair: FileDescriptorConvertible {
  /// The read end, which is the descriptor of the object.
  private(set) var readEnd: Int32
  private(set) var writeEnd: Int32

  var fileDescriptor: Int32 { readEnd }

  private init(_ ends: [Int32]) {
    (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
  }

  static func pipe() -> DescriptorPair {
    var ends: [Int32] = [-1, -1]
    _ = systemPipe(&ends)
    return DescriptorPair(ends)
  }

  static func sockets() -> DescriptorPair {
    var ends: [Int32] = [-1, -1]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
    return DescriptorPair(ends)
  }

  deinit {
    closeReadEnd()
    closeWriteEnd()
  }

  func send(_ bytes: [UInt8] = [1]) {
    _ = write(writeEnd, bytes, bytes.count)
  }

  /// Writes until the kernel's buffer is full.
  func fill() {
    let bytes = [UInt8](repeating: 0, count: 65536)
    while write(writeEnd, bytes, bytes.count) > 0 {}
  }

  /// Reads the available bytes, up to 64 KiB.
  @discardableResult
  func receive() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = read(readEnd, &bytes, bytes.count)
    return Array(bytes.prefix(max(0, count)))
  }

  func closeReadEnd() {
    if readEnd >= 0 { close(readEnd) }
    readEnd = -1
  }

  func closeWriteEnd() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }
}

private func systemPipe(_ ends: inout [Int32]) -> Int32 { pipe(&ends) }
