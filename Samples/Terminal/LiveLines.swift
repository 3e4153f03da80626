import Foundation
import Swirl

/// Lines at the bottom of a terminal that are drawn again and again, such as progress.
///
/// Between two drawings the cursor is at the start of the first line. Many terminals wrap their lines anew when the
/// window gets narrower, and keep the cursor at its character. So clearing from the cursor to the end of the screen
/// removes all lines, whether the terminal has wrapped them or not.
@MainActor package final class LiveLines {
  private let descriptor: Int32
  private let lines: (TerminalSize) -> [String]
  private let interval: Duration
  private var ticks: LoopingCall?
  private var resizes: SignalHandler?
  private var isShown = false

  /// - Parameters:
  ///   - descriptor: where to draw; without a terminal there it is nil.
  ///   - interval: how often to draw.
  ///   - lines: the lines for a terminal of that size. Lines that are too long are cut.
  package init?(
    on descriptor: Int32 = 2, every interval: Duration = .milliseconds(200), lines: @escaping (TerminalSize) -> [String]
  ) {
    // A dumb terminal has no way back to a line.
    guard isatty(descriptor) == 1, ProcessInfo.processInfo.environment["TERM"] != "dumb" else { return nil }
    self.descriptor = descriptor
    self.interval = interval
    self.lines = lines
  }

  /// Draws from now on, also when the window changes its size.
  package func start() {
    guard ticks == nil else { return }
    let ticks = LoopingCall(clock: reactor) { [weak self] in self?.draw() }
    self.ticks = ticks
    ticks.start(every: interval, now: false).addErrback { _ in }
    resizes = reactor.addSignalHandler(SIGWINCH) { [weak self] in self?.draw() }
  }

  package func draw() {
    // A job in the background leaves the terminal to the one in front.
    let group = tcgetpgrp(descriptor)
    guard group < 0 || group == getpgrp() else { return }
    let size = TerminalSize(of: descriptor)
    // The last column stays empty: a character in it leaves terminals in different states.
    let cut = lines(size).prefix(max(1, size.rows - 1)).map { $0.cut(to: size.columns - 1) }
    if cut.isEmpty { return erase() }
    let up = cut.count > 1 ? "\u{1B}[\(cut.count - 1)A" : ""
    write("\r" + cut.joined(separator: "\u{1B}[K\r\n") + "\u{1B}[J" + up + "\r")
    isShown = true
  }

  /// Removes the lines, so that other text can be written; the next drawing is below it.
  package func erase() {
    if isShown { write("\r\u{1B}[J") }
    isShown = false
  }

  /// Stops drawing.
  /// - Parameter last: lines that stay on the screen.
  package func end(leaving last: [String] = []) {
    ticks?.stop()
    ticks = nil
    if let handler = resizes.take() { reactor.removeSignalHandler(handler) }
    erase()
    let width = TerminalSize(of: descriptor).columns - 1
    for line in last { write(line.cut(to: width) + "\r\n") }
  }

  /// A terminal that takes no text is no reason to stop the work.
  private func write(_ text: String) { try? writeAll(Array(text.utf8), to: descriptor) }
}

/// The size of a terminal in characters.
package struct TerminalSize {
  package var columns = 80
  package var rows = 24

  package init(of descriptor: Int32) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return }
    // A terminal that does not know its size says 0.
    if size.ws_col > 0 { columns = Int(size.ws_col) }
    if size.ws_row > 0 { rows = Int(size.ws_row) }
  }
}
