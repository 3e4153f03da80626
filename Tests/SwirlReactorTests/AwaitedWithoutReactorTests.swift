import SwirlDeferred
import SwirlReactor
import Testing

/// Debug mode is process-wide, so this runs in its own process.
@Suite struct AwaitedWithoutReactorTests {
  @Test func `Debug mode tells of an await that no reactor of the thread can end`() async {
    await #expect(processExitsWith: .success) {
      nonisolated(unsafe) var reports: [DeferredReport] = []
      DeferredReport.setHandler { reports.append($0) }
      deferredDebugging = true
      await MainActor.run {
        // If the program has no reactors, any thread may fire it.
        let free = Deferred<Int>(file: "M/Made.swift", line: 1)
        Task.immediate { _ = try? await free.value }
        precondition(reports.isEmpty)
        _ = Reactor()
        let never = Deferred<Int>(file: "M/Made.swift", line: 2)
        Task.immediate { _ = try? await never.value }
      }
      precondition(reports.map(\.code) == [.awaitedWithoutReactor])
      precondition(reports[0].description.contains("runUntilComplete"))
      precondition(reports[0].description.hasSuffix("made at M/Made.swift:2"))
    }
  }
}
