import Foundation
import Swirl

/// A download failed.
enum Failure: Error, CustomStringConvertible {
  case usage(String)
  case checksum(String)
  /// Standard output takes no more.
  case output(errno: Int32)
  case name(String)

  var description: String {
    switch self {
    case .usage(let words), .checksum(let words), .name(let words): words
    case .output(let errno): "write to standard output: \(String(cString: strerror(errno)))"
    }
  }

  var isOutput: Bool { if case .output = self { true } else { false } }
  /// Whether the reader of standard output has closed the pipe, as `head` does when it has enough. That is no error to
  /// report.
  var isBrokenPipe: Bool { if case .output(EPIPE) = self { true } else { false } }

  static func code(of error: any Error) -> Int32 {
    switch error {
    case Failure.usage: 2
    case Failure.checksum: 3
    case let error as HTTPError: error.fault == .caller ? 2 : error.status == nil ? 1 : 4
    default: 5
    }
  }
}

/// To standard error. What comes from servers and lists must not give orders to a terminal.
func tell(_ text: String) {
  try? FileHandle.standardError.write(contentsOf: Data("\(text.escapingControls { $0.escaped(asASCII: true) })\n".utf8))
}

/// A line to standard output, all of it: `print` ignores that a disk is full.
func put(_ line: String) throws {
  var rest = Array("\(line)\n".utf8)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
    if count < 0, errno == EAGAIN {
      // Another program that has the same pipe or terminal may have made it non-blocking.
      var place = pollfd(fd: 1, events: Int16(POLLOUT), revents: 0)
      poll(&place, 1, -1)
    } else if count < 0, errno != EINTR {
      throw Failure.output(errno: errno)
    }
    rest = rest.dropFirst(max(0, count))
  }
}

extension String {
  /// With another spelling of control characters.
  func escapingControls(_ escaped: (Unicode.Scalar) -> String) -> String {
    unicodeScalars.map { $0.properties.generalCategory == .control ? escaped($0) : String($0) }.joined()
  }
}
