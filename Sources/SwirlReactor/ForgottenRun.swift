import SwirlPlatform

/// Prints a line at exit if work was started on the main reactor but the reactor never ran; or if an async `main` ends
/// while its work is pending.
enum ForgottenRun {
  /// Unchecked is safe: the main reactor, which is never freed, sets it once; the main thread reads it at exit.
  nonisolated(unsafe) private static var main: Unmanaged<Reactor>?

  /// Called once, for the main reactor.
  static func watch(_ reactor: Reactor) {
    main = .passUnretained(reactor)
    atexit {
      // If another thread calls exit it must not look: the main thread may be using the reactor.
      guard isMainThread, let reactor = ForgottenRun.main?.takeUnretainedValue(),
        let line = ForgottenRun.line(of: reactor)
      else { return }
      // Not to the log, whose handler may be torn down already.
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
  /// "1 thing", "2 things"; nil for zero.
  package func of(_ thing: String) -> String? { self == 0 ? nil : "\(self) \(thing)\(self == 1 ? "" : "s")" }
}

extension Reactor {
  /// Started work without a result.
  fileprivate var workUnderWay: [String] {
    counted(handles.inOrder.compactMap(\.handle.workUnderWay) + [(threadCalls.unfinished, "deferToThread call")])
  }

  /// Work that waits for the reactor to run, without its own timers.
  var begunWork: [String] {
    var work = counted(
      handles.inOrder.compactMap(\.handle.begunWork)
        + [
          (Set(readWatches.keys).union(writeWatches.keys).count, "watched descriptor"),
          (threadCalls.unfinished, "deferToThread call"),
        ])
    if work.isEmpty, let calls = (timers.pending.count + soonCount).of("call") { work = [calls] }
    return work
  }

  /// "2 requests", "1 connect": one entry per name, without zero counts.
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
