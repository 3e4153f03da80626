import Foundation
import Swirl
import Terminal

/// Standard output, standard error, and the progress of files below them.
@MainActor final class Console {
  private var files: [TransferLine] = []
  private var lines: LiveLines?

  /// Shows the progress of files from now on, if standard error is a terminal.
  func showProgress() {
    lines = LiveLines { [weak self] size in
      guard let self else { return [] }
      let now = reactor.now
      for index in files.indices { files[index].measure(at: now) }
      return files.suffix(size.rows - 1).map { $0.text(size.columns - 1) }
    }
    lines?.start()
  }

  func note(_ name: String, _ received: Int, of total: Int?) {
    if let index = files.firstIndex(where: { $0.name == name }) { return files[index].note(received, of: total) }
    var line = TransferLine(name)
    line.note(received, of: total)
    files.append(line)
  }

  /// The file is complete: its line moves up, and stays.
  func noteEnd(_ name: String, after seconds: Double) {
    guard let index = files.firstIndex(where: { $0.name == name }) else { return }
    let line = files.remove(at: index)
    guard lines != nil else { return }
    let mean = size(Double(line.received - (line.before ?? 0)) / max(seconds, 0.001))
    tell(
      "\(line.name) \(size(Double(line.received))) in \(time(seconds)), \(mean)/s".cut(
        to: TerminalSize(of: 2).columns - 1))
  }

  func tell(_ text: String) {
    lines?.erase()
    Terminal.tell(text)
  }

  /// Text of the user's own.
  func write(error text: String) {
    lines?.erase()
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  func put(_ bytes: [UInt8]) throws {
    lines?.erase()
    try Terminal.put(bytes)
  }

  /// Leaves a clean line.
  func end() {
    lines?.end()
    lines = nil
  }
}
