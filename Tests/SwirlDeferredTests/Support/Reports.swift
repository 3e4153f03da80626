import SwirlDeferred
import Synchronization
import Testing

/// The reports of one test. The hook is process-wide and tests run in parallel, so a report is attributed to the
/// current task: the code that releases or fires a Deferred sends it synchronously.
final class Reports: Sendable {
  @TaskLocal static var current: Reports?

  private let all = Mutex<[DeferredReport]>([])

  static let areInstalled: Void = {
    // Tests of other modules in the same process have their own hook, which receives all other reports.
    let others = Mutex<Others>(Others())
    let before = DeferredReport.setHandler { report in
      if let current = Reports.current {
        current.all.withLock { $0.append(report) }
      } else {
        others.withLock { $0 }.handler?(report)
      }
    }
    others.withLock { $0.handler = before }
  }()

  private struct Others {
    var handler: DeferredReport.Handler?
  }

  /// The reports since the last call. Reports that no call took fail the test.
  static func take() -> [DeferredReport] {
    current!.all.withLock { list in
      defer { list = [] }
      return list
    }
  }

  /// The unhandled failures since the last call, as the text of their errors; other reports as their code.
  static func takeWords() -> [String] {
    take().map { report in
      switch report.code {
      case .unhandledFailure: report.error.map { "\($0)" } ?? "nil"
      case .firedTwice: "fired twice"
      default: "abandoned"
      }
    }
  }
}

/// Fails the test that causes an unhandled failure or a second firing.
struct ReportedTrait: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true

  @concurrent func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    Reports.areInstalled
    try await Reports.$current.withValue(Reports()) {
      try await function()
      for report in Reports.take() {
        // A hint after three seconds: on a busy machine the test just takes that long.
        if report.code == .abandoned || report.code == .nothingToFireIt { continue }
        Issue.record("\(report)")
      }
    }
  }
}

extension Trait where Self == ReportedTrait {
  static var reported: Self { Self() }
}
