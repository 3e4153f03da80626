import Foundation
import Swirl
import Terminal

/// The state of the crawl: live on a terminal, otherwise a plain line from time to time.
@MainActor final class Progress {
  /// What the crawl knows of itself.
  struct State {
    let tally: Tally
    let underWay: Int
    let hosts: Int
    /// The URL of the last page.
    let last: String
  }

  /// How often a terminal gets the length of the queue, which the store has to count, in seconds.
  private static let counting = 1.0
  private let state: () -> State
  private let start = reactor.now
  private var waiting: Int?
  private var rate = Rate()
  private var lines: LiveLines?
  private var loop: LoopingCall?

  /// - Parameters:
  ///   - interval: the seconds between two plain lines.
  ///   - waiting: asks the store for the number of URLs that wait; nil if it is away.
  init(interval: Double, waiting: @escaping () async -> Int?, state: @escaping () -> State) {
    self.state = state
    lines = LiveLines { [weak self] in self?.compose($0.columns - 1) ?? [] }
    lines?.start()
    let loop = LoopingCall(clock: reactor) { [weak self] in
      Deferred {
        self?.waiting = await waiting()
        self?.tellPlainly()
      }
    }
    loop.start(every: .seconds(lines == nil ? interval : Self.counting), now: lines != nil).addErrback { _ in }
    self.loop = loop
  }

  /// Leaves a clean line.
  func end() {
    loop?.stop()
    loop = nil
    lines?.end()
  }

  private func tellPlainly() {
    guard lines == nil, loop != nil else { return }
    tell(fields(state()).joined(separator: ", "))
  }

  /// As many fields as a line has room for; the others are on lines of their own.
  private func compose(_ width: Int) -> [String] {
    let state = state()
    var lines = [""]
    for field in fields(state) {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = field
      } else if last.width + field.width + 2 <= width {
        lines[lines.count - 1] = "\(last), \(field)"
      } else {
        lines.append(field)
      }
    }
    return lines + (state.last.isEmpty ? [] : [state.last.escapingControls()])
  }

  private func fields(_ state: State) -> [String] {
    rate.note(state.tally.stored, at: reactor.now)
    let failures = state.tally.failures + state.tally.refused
    let perSecond = rate.perSecond.map { $0 < 10 ? "\(($0 * 10).rounded() / 10)" : "\(Int($0))" } ?? "0"
    return [
      "\(state.tally.stored) pages", "\(perSecond)/s", "\(state.underWay) under way",
      "queue \(waiting.map(String.init) ?? "?")",
      "\(failures) errors", "\(state.hosts) hosts", time((reactor.now - start) / .seconds(1)),
    ]
  }
}
