import Foundation

/// A progress line on the terminal.
@MainActor final class Progress {
  private var shown = ContinuousClock.now
  private var isShown = false

  func show(_ tally: Tally, _ underWay: Int, _ time: Duration) {
    // Often enough to look live, rarely enough to cost nothing.
    guard shown.duration(to: .now) > .milliseconds(100) else { return }
    shown = .now
    isShown = true
    let rate = Int(Double(tally.stored) / max(0.001, time / .seconds(1)))
    put("\r\u{1B}[K\(tally.stored) pages stored, \(underWay) under way, \(tally.failures) failed, \(rate) pages/s")
  }

  func end() { if isShown { put("\n") } }

  private func put(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
