import Foundation

/// A progress line on the terminal: received and total bytes of all files.
@MainActor final class Progress {
  private var files: [String: (received: Int, total: Int?)] = [:]
  private var shown = 0

  func note(_ url: String, _ received: Int, _ total: Int?) {
    files[url] = (received, total)
    let sum = files.values.reduce(0) { $0 + $1.received }
    // Often enough to look live, rarely enough to cost nothing.
    guard sum - shown > 256 * 1024 || received == total else { return }
    shown = sum
    let totals = files.values.compactMap(\.total)
    // A server may announce any number: the sum may overflow.
    let all =
      totals.count == files.count ? totals.reduce(0) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 } : 0
    let width = 30
    let filled = all > 0 ? min(width, Int(Double(sum) / Double(all) * Double(width))) : 0
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    put("\r[\(bar)] \(sum / 1024) KiB" + (all > 0 ? " of \(all / 1024)" : ""))
  }

  func end() { if shown > 0 { put("\n") } }

  private func put(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
