#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a layer above has begun on a reactor, for the line that is printed when that reactor never runs.
package protocol BegunWork: AnyObject {
  /// How much, in words such as "2 requests"; nil where it is nothing.
  var begunWork: String? { get }
  /// What of it has no result yet, and is lost when the program ends: requests, not sockets that listen.
  var workUnderWay: String? { get }
}

extension BegunWork {
  package var workUnderWay: String? { nil }
}

/// Prints a line when the program exits, and work was begun on the main reactor, which never ran; or when an async `main` ends while what
/// it began there is under way.
enum ForgottenRun {
  /// Unchecked is right: set once, by the main reactor, which is never freed; read on the main thread at exit.
  nonisolated(unsafe) private static var main: Unmanaged<Reactor>?

  /// Once, for the main reactor.
  static func watch(_ reactor: Reactor) {
    main = .passUnretained(reactor)
    atexit {
      // Another thread that exits cannot look: the main one may be using the reactor.
      guard isMainThread, let reactor = ForgottenRun.main?.takeUnretainedValue(), let line = ForgottenRun.line(of: reactor) else { return }
      // Not to the log: its handler may have been torn down.
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    }
  }

  private static func line(of reactor: Reactor) -> String? {
    let hasRun = reactor.runNumber > 0
    if hasRun, !reactor.runsForAsyncMain { return nil }
    let work = (hasRun ? reactor.workUnderWay : reactor.begunWork).joined(separator: ", ")
    if work.isEmpty { return nil }
    if hasRun {
      return """
        swirl: main ends while \(work) had no result yet. Await what must be finished before the end of main: \
        try await fetch(url).addCallback { … }.value

        """
    }
    return """
      swirl: the program ends, but reactor.run() was never called: nothing came of \(work). Call it at \
      the end of main.swift, or await what you need: try await fetch(url)

      """
  }
}

extension Int {
  /// "1 thing", "2 things"; nil for none.
  package func of(_ thing: String) -> String? { self == 0 ? nil : "\(self) \(thing)\(self == 1 ? "" : "s")" }
}

extension Reactor {
  /// What was begun and has no result yet.
  fileprivate var workUnderWay: [String] {
    attachedObjects.compactMap { ($0 as? any BegunWork)?.workUnderWay }
      + [threadCalls.unfinished.of("deferToThread call")].compactMap { $0 }
  }

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
