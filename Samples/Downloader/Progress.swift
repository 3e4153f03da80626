import Foundation
import Swirl
import Terminal

/// The progress of all files: on a terminal a line for each file that is on its way and one for all of them, otherwise
/// a plain line from time to time.
@MainActor final class Progress {
  private let count: Int
  private var done = 0
  private var files: [(url: String, line: TransferLine)] = []
  /// Of the files that are done.
  private var finished = 0
  private var sizes: [String: Int] = [:]
  private var rate = Rate()
  private var lines: LiveLines?
  private var plain: LoopingCall?

  /// - Parameter interval: the seconds between two plain lines.
  init(count: Int, interval: Double) {
    self.count = count
    lines = LiveLines { [weak self] size in self?.compose(size) ?? [] }
    lines?.start()
    if lines == nil {
      let plain = LoopingCall(clock: reactor) { [weak self] in self?.tellAll() }
      plain.start(every: .seconds(interval), now: false).addErrback { _ in }
      self.plain = plain
    }
  }

  func note(_ url: String, _ name: String, _ received: Int, _ total: Int?) {
    if let total { sizes[url] = total }
    if let index = files.firstIndex(where: { $0.url == url }) { return files[index].line.note(received, of: total) }
    var line = TransferLine(name)
    line.note(received, of: total)
    files.append((url, line))
  }

  /// A file is complete, or has failed.
  func noteFile(_ url: String) {
    done += 1
    guard let index = files.firstIndex(where: { $0.url == url }) else { return }
    finished += files.remove(at: index).line.new
  }

  /// Writes a line above the progress.
  func write(_ body: () throws -> Void) rethrows {
    lines?.erase()
    try body()
  }

  /// Leaves a clean line.
  func end() {
    lines?.end(leaving: done > 0 ? [all(TerminalSize(of: 2).columns - 1)] : [])
    lines = nil
    plain?.stop()
  }

  private func compose(_ size: TerminalSize) -> [String] {
    let (room, width) = (max(0, size.rows - 3), size.columns - 1)
    for index in files.indices { files[index].line.measure(at: reactor.now) }
    measure()
    let hidden = files.count - room
    let shown = files.prefix(room).map { $0.line.text(width) }
    return shown + (hidden > 0 ? ["\(hidden) more"] : []) + [all(width)]
  }

  private func tellAll() {
    measure()
    tell(all(.max))
  }

  /// The bytes of this run, without those of an earlier one.
  private var new: Int { finished + files.reduce(0) { $0 + $1.line.new } }
  private func measure() { rate.note(new, at: reactor.now) }

  /// The line of the total: what has no room is left out from its end.
  private func all(_ width: Int) -> String {
    // A server may announce any number: the sum may overflow.
    let rest = files.reduce(0) {
      $0.addingReportingOverflow($1.line.rest ?? 0).overflow ? .max : $0 + ($1.line.rest ?? 0)
    }
    let isKnown = sizes.count == count
    var fields = ["\(done) of \(count) files", size(Double(new))]
    if done < count {
      fields.append("\(size(rate.perSecond ?? 0))/s")
      fields.append("ETA \(time(isKnown ? rate.seconds(for: rest) : nil))")
    }
    while fields.count > 1, fields.joined(separator: ", ").width > width { fields.removeLast() }
    return fields.joined(separator: ", ")
  }
}
