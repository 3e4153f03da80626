import Glibc
import Swirl

/// A pipe by which one thread waits for another.
struct Pipe: Sendable {
  private let readEnd, writeEnd: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0)
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  func signal() {
    var byte: UInt8 = 1
    _ = write(writeEnd, &byte, 1)
  }

  func wait() {
    var byte: UInt8 = 0
    _ = read(readEnd, &byte, 1)
  }
}

/// Counts, on the loop's thread, the calls that the other thread has sent.
enum Counter {
  nonisolated(unsafe) private static var calls = 0
  nonisolated(unsafe) static var onHundred: () -> Void = {}

  static func called(_ reactor: Reactor) {
    calls += 1
    if calls % 100 == 0 { onHundred() }
  }
}
