import Foundation

/// A progress line on the terminal, for all files.
@MainActor final class Progress {
  private let count: Int
  private var done = 0
  private var files: [String: (received: Int, total: Int?)] = [:]
  private var shown = ContinuousClock.now
  private let start = ContinuousClock.now
  private var first = 0

  init(count: Int) { self.count = count }

  func note(_ url: String, _ received: Int, _ total: Int?) {
    // Bytes from an earlier run do not count as received now.
    if files[url] == nil { first += received }
    files[url] = (received, total)
    // Often enough to look live, rarely enough to cost nothing.
    if shown.duration(to: .now) > .milliseconds(100) { show() }
  }

  func noteFile() {
    done += 1
    show()
  }

  func clear() { put("\r\u{1B}[K") }

  func end() { if !files.isEmpty { put("\n") } }

  private func show() {
    shown = .now
    let sum = files.values.reduce(0) { $0 + $1.received }
    let seconds = max(0.001, Double((ContinuousClock.now - start).components.seconds))
    let totals = files.values.compactMap(\.total)
    // A server may announce any number: the sum may overflow.
    let total = totals.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
    let all = totals.count == count ? " of \(mebibytes(total))" : ""
    put(
      "\r\u{1B}[K\(done) of \(count) files, \(mebibytes(sum))\(all) MiB, \(mebibytes(Int(Double(max(0, sum - first)) / seconds))) MiB/s"
    )
  }

  private func mebibytes(_ bytes: Int) -> String { "\((Double(bytes) / 104_857.6).rounded() / 10)" }

  private func put(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
