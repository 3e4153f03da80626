internal import SwirlPlatform
import Synchronization

/// Random numbers for the library's own choices: pauses between tries, jitter, boundaries, nonces.
///
/// They are those of the reactor that runs on this thread where its clock is virtual, so that a simulation can be
/// repeated; else they are the system's. Names of temporary files stay the system's: two runs with one seed must not
/// ask for the same.
package struct HouseRandom: RandomNumberGenerator {
  /// A closure that is itself the mutex's value would be wrapped in two more at each access: its chain would grow.
  private struct Source { let next: @Sendable () -> UInt64? }

  private static let seeded = Mutex<Source?>(nil)

  package init() {}

  /// Sets what gives the next number of the reactor on this thread; nil where there is no seed.
  package static func set(_ next: @escaping @Sendable () -> UInt64?) { seeded.withLock { $0 = Source(next: next) } }

  package mutating func next() -> UInt64 {
    if let number = Self.seeded.withLock({ $0 })?.next() { return number }
    var system = SystemRandomNumberGenerator()
    return system.next()
  }

  /// Fills the array, by one call of the system where it has at most 32 numbers and there is no seed.
  package mutating func fill(_ numbers: inout [UInt64]) {
    guard !numbers.isEmpty, let first = Self.seeded.withLock({ $0 })?.next() else { return Self.fillBySystem(&numbers) }
    numbers[0] = first
    for index in numbers.indices.dropFirst() { numbers[index] = next() }
  }

  /// Fills the array with the system's numbers, 32 in a call, whatever seed there is.
  package static func fillBySystem(_ numbers: inout [UInt64]) {
    var rest = 0..<numbers.count
    while !rest.isEmpty {
      let count = min(rest.count, 32)
      // The C library writes so many bytes, which the array has from there.
      let result = unsafe numbers.withUnsafeMutableBytes { bytes in
        unsafe getentropy(bytes.baseAddress! + rest.lowerBound * 8, count * 8)
      }
      guard result == 0 else { break }
      rest = rest.dropFirst(count)
    }
    // What the system did not fill comes one by one.
    var system = SystemRandomNumberGenerator()
    for index in rest { numbers[index] = system.next() }
  }

  /// 128 random bits in hexadecimal digits, for a name that must not be guessed.
  package mutating func token() -> String { String(next(), radix: 16) + String(next(), radix: 16) }
}
