import Foundation
import Swirl

/// Writing to standard output failed.
package struct OutputError: Error, CustomStringConvertible {
  package let errno: Int32
  /// Whether the reader has closed the pipe, as `head` does. That is not reported.
  package var isBrokenPipe: Bool { errno == EPIPE }
  package var description: String { "write to standard output: \(String(cString: strerror(errno)))" }
}

/// Writes all bytes to standard output: `print` would ignore that a disk is full.
package func put(_ bytes: [UInt8]) throws { try writeAll(bytes, to: 1) }

/// Writes a line to standard output. A control character in it is escaped.
package func put(_ line: String) throws { try put(Array("\(line.escapingControls(except: "\n"))\n".utf8)) }

/// Writes a line to standard error, if that is open. A control character in it is escaped: it may be a server's.
package func tell(_ line: String) {
  try? writeAll(Array("\(line.escapingControls(except: "\n\t"))\n".utf8), to: 2)
}

func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count < 0, errno == EAGAIN {
      // Another program with the same pipe or terminal may have made it non-blocking.
      var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&place, 1, -1)
    } else if count < 0, errno != EINTR {
      throw OutputError(errno: errno)
    }
    rest = rest.dropFirst(max(0, count))
  }
}
