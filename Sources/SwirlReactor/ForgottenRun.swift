import SwirlPlatform

/// What a layer above has begun on a reactor, for the line that is printed when that reactor never runs.
package protocol BegunWork: AnyObject {
  /// How much, in words such as "2 requests"; nil where it is nothing.
  var begunWork: String? { get }
}

/// Prints a line when the program exits, and work was begun on the main reactor, which never ran.
enum ForgottenRun {
  /// Unchecked is right: set once, by the main reactor, which is never freed; read on the main thread at exit.
  nonisolated(unsafe) private static var main: Unmanaged<Reactor>?

  /// Once, for the main reactor.
  static func watch(_ reactor: Reactor) {
    main = .passUnretained(reactor)
    atexit {
      // Another thread that exits cannot look: the main one may be using the reactor.
      guard isMainThread, let reactor = ForgottenRun.main?.takeUnretainedValue(), reactor.runNumber == 0 else { return }
      let work = reactor.begunWork
      if work.isEmpty { return }
      let line = """
        swirl: the program ends, but reactor.run() was never called: nothing came of \(work.joined(separator: ", ")). Call it at \
        the end of main.swift, or await what you need: try await fetch(url)

        """
      // Not to the log: its handler may have been torn down.
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
  }
}

extension Int {
  /// "1 thing", "2 things"; nil for none.
  package func of(_ thing: String) -> String? { self == 0 ? nil : "\(self) \(thing)\(self == 1 ? "" : "s")" }
}

extension Reactor {
  /// What was begun and waits for the reactor to run. The timers that belong to it are not counted beside it.
  var begunWork: [String] {
    var work = attachedObjects.compactMap { ($0 as? any BegunWork)?.begunWork }
    work += [
      Set(readers.keys).union(writers.keys).count.of("watched descriptor"),
      threadCalls.unfinished.of("deferToThread call"),
    ]
    .compactMap { $0 }
    if work.isEmpty, let calls = (timers.pending.count + soonCount).of("call") { work = [calls] }
    return work
  }
}
