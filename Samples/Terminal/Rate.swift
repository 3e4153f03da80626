import Foundation
import Swirl

/// How fast a count grows: a mean in which the last seconds weigh most, so that it is steady and still follows.
package struct Rate {
  /// What is older than this weighs a third.
  private static let memory = 4.0
  private var last: (time: Instant, count: Int)?
  private var mean = 0.0
  /// How much of the mean is measured, from 0 to 1: before that it is of the first moments only.
  private var measured = 0.0

  package init() {}

  /// - Parameter count: the count so far. The first is the start.
  package mutating func note(_ count: Int, at now: Instant) {
    guard let last else {
      self.last = (now, count)
      return
    }
    let seconds = (now - last.time) / .seconds(1)
    // Within a moment, the pieces of the network's buffers are counted and not its speed.
    guard seconds > 0.05 else { return }
    let old = exp(-seconds / Self.memory)
    mean = mean * old + Double(max(0, count - last.count)) / seconds * (1 - old)
    measured = measured * old + (1 - old)
    self.last = (now, count)
  }

  /// Nil until it is measured.
  package var perSecond: Double? { measured > 0 ? mean / measured : nil }

  /// The seconds until the count has grown by `rest`; nil if that is unknown or too far.
  package func seconds(for rest: Int) -> Double? {
    guard let perSecond, perSecond > 0 else { return nil }
    let seconds = Double(rest) / perSecond
    return seconds < 100 * 86400 ? seconds : nil
  }
}

/// A number of bytes in eight columns or fewer, such as `12.3MiB`.
package func size(_ bytes: Double) -> String {
  var (number, unit) = (bytes, 0)
  let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
  // 999.95 would be shown as 1000.0.
  while number >= (unit == 0 ? 1000 : 999.95), unit < units.count - 1 { (number, unit) = (number / 1024, unit + 1) }
  return unit == 0 ? "\(Int(number))B" : "\((number * 10).rounded() / 10)\(units[unit])"
}

/// A time in six columns or fewer, such as `1h02m`; `--` if it is nil.
package func time(_ seconds: Double?) -> String {
  guard let seconds else { return "--" }
  let whole = Int(seconds.rounded(.up))
  func two(_ number: Int) -> String { (number < 10 ? "0" : "") + String(number) }
  switch whole {
  case ..<60: return "\(whole)s"
  case ..<3600: return "\(whole / 60)m\(two(whole % 60))s"
  case ..<86400: return "\(whole / 3600)h\(two(whole / 60 % 60))m"
  default: return "\(whole / 86400)d\(two(whole / 3600 % 24))h"
  }
}
