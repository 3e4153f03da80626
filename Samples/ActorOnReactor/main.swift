// An actor that lives on a reactor's thread: it uses the reactor's timers and Deferreds without a hop, and all other
// code awaits it.
// Answers to: Swift's custom actor executors (SE-0392).
// Run: `swift run ActorOnReactor`.
import Swirl

actor Ticker {
  private let thread: ReactorThread
  private var ticks: [String] = []

  init(on thread: ReactorThread) { self.thread = thread }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.remote.asUnownedSerialExecutor() }

  /// The actor uses the reactor's objects directly; awaiting them does not leave the thread.
  func tick(_ count: Int, every interval: Duration) async throws -> [String] {
    Reactor.current.callLater(interval / 2) { self.ticks.append("a callback of the actor's own") }
    for number in 1...count {
      try await Reactor.current.sleep(interval).value
      ticks.append("tick \(number)")
    }
    return ticks
  }
}

let thread = ReactorThread()
let ticker = Ticker(on: thread)
for line in try await ticker.tick(3, every: .milliseconds(50)) { print(line) }
await thread.stop()
