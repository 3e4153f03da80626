#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

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
      guard isMainThread, let reactor = ForgottenRun.main?.takeUnretainedValue(),
        let line = ForgottenRun.line(of: reactor)
      else { return }
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
    counted(handles.inOrder.compactMap(\.handle.workUnderWay) + [(threadCalls.unfinished, "deferToThread call")])
  }

  /// What was begun and waits for the reactor to run. The timers that belong to it are not counted beside it.
  var begunWork: [String] {
    var work = counted(
      handles.inOrder.compactMap(\.handle.begunWork)
        + [
          (Set(readers.keys).union(writers.keys).count, "watched descriptor"),
          (threadCalls.unfinished, "deferToThread call"),
        ])
    if work.isEmpty, let calls = (timers.pending.count + soonCount).of("call") { work = [calls] }
    return work
  }

  /// "2 requests", "1 connect": one entry a name, without those of which there are zero.
  private func counted(_ work: [(count: Int, name: String)]) -> [String] {
    var counts: [(count: Int, name: String)] = []
    for each in work {
      if let index = counts.firstIndex(where: { $0.name == each.name }) {
        counts[index].count += each.count
      } else {
        counts.append(each)
      }
    }
    return counts.compactMap { $0.count.of($0.name) }
  }
}
