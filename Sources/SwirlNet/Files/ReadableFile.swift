import CSwirlSystem
import SwirlPlatform

/// An open regular file, read at positions, so that several threads and connections may share it. Releasing it closes
/// its descriptor.
package final class ReadableFile: Sendable {
  package let descriptor: Int32

  /// Takes over an open descriptor.
  package init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { Socket.close(descriptor) }

  /// What a read gives.
  package enum Reading: Sendable {
    /// Fewer than were asked for only at the end of the file.
    case bytes([UInt8])
    /// The disk would have to be read.
    case wouldBlock
    case failed(errno: Int32)
  }

  /// Reads, and waits for the disk: for a thread of a pool.
  package func read(_ range: Range<Int>) -> Reading {
    read(range) { base, count, offset in pread(descriptor, base, count, offset) }
  }

  /// Reads what is in memory.
  package func readCached(_ range: Range<Int>) -> Reading {
    read(range) { base, count, offset in swirl_read_cached(descriptor, base, count, offset) }
  }

  private func read(_ range: Range<Int>, _ call: (UnsafeMutableRawPointer, Int, off_t) -> Int) -> Reading {
    var failure: Int32 = 0
    // Initialized up to `count`, which is what the system has written.
    let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let result = call(
          UnsafeMutableRawPointer(buffer.baseAddress! + count), range.count - count, off_t(range.lowerBound + count))
        if result > 0 {
          count += result
        } else if result == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    switch failure {
    case 0: return .bytes(bytes)
    case EAGAIN, EOPNOTSUPP, ENOSYS: return .wouldBlock
    default: return .failed(errno: failure)
    }
  }

  /// Whether both ends of a range are in memory: the kernel reads ahead, so that most of what lies between is, too.
  package func isCached(_ range: Range<Int>) -> Bool {
    var byte: UInt8 = 0
    for position in [range.lowerBound, range.upperBound - 1] {
      if swirl_read_cached(descriptor, &byte, 1, off_t(position)) < 0 { return false }
    }
    return true
  }
}

/// A part of a file that a connection sends.
package struct FileRegion: Sendable {
  package let file: ReadableFile
  package let range: Range<Int>

  package init(_ file: ReadableFile, _ range: Range<Int>) {
    self.file = file
    self.range = range
  }

  package var count: Int { range.count }

  func prefix(_ count: Int) -> FileRegion { FileRegion(file, range.prefix(count)) }
}

/// A transport whose kernel sends files without a copy: a plain TCP or Unix connection.
package protocol FileTransport: Transport {
  /// False if the bytes have to pass through this process: over TLS, and in a simulated network.
  var sendsFiles: Bool { get }

  /// Sends the region after all earlier bytes, as `write` does; it counts among the buffered bytes. Only if
  /// `sendsFiles`.
  ///
  /// A file that ends before the region does breaks the connection: the promised length can't be sent.
  func write(_ region: FileRegion)
}
