import Foundation
import Swirl

/// The progress of a transfer: its line has as many columns as there is room for.
package struct TransferLine {
  package let name: String
  package private(set) var received = 0
  package private(set) var total: Int?
  /// The bytes of an earlier run.
  package private(set) var before: Int?
  private var rate = Rate()

  package init(_ name: String) { self.name = name.escapingControls() }

  package mutating func note(_ received: Int, of total: Int?) {
    if before == nil || received < self.received { before = received }
    self.received = received
    self.total = total
  }

  /// Measures the rate at regular times: without bytes it falls to zero.
  package mutating func measure(at now: Instant) { if before != nil { rate.note(received, at: now) } }

  /// The bytes of this run.
  package var new: Int { max(0, received - (before ?? received)) }
  package var perSecond: Double { rate.perSecond ?? 0 }
  package var rest: Int? { total.map { max(0, $0 - received) } }
  package var seconds: Double? { rest.flatMap { rate.seconds(for: $0) } }

  package func text(_ columns: Int) -> String {
    let share = total.map { $0 > 0 ? min(100, Int(Double(received) / Double($0) * 100)) : 100 }
    var fields = [share.map { "\($0)%" } ?? size(Double(received))].map { $0.indented(to: share == nil ? 9 : 4) }
    if columns >= 60 {
      let all = total.map { "/\(size(Double($0)))" } ?? ""
      if share != nil { fields.append("\(size(Double(received)))\(all)".indented(to: 17)) }
    }
    if columns >= 36 { fields.append("\(size(perSecond))/s".indented(to: 10)) }
    if columns >= 28 { fields.append(time(seconds).indented(to: 6)) }
    let rest = fields.joined(separator: " ")
    let room = columns - 1 - rest.width
    return room < 4 ? name : name.cut(to: room).padded(to: room) + " " + rest
  }
}
