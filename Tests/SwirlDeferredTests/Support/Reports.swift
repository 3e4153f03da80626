import SwirlDeferred
import Synchronization
import Testing

/// The reports that one test caused. The hook is one for the process and tests run at the same time, so a report is
/// attributed through the task it is sent in: all of them are sent synchronously, by the code that lets go or fires.
final class Reports: Sendable {
  @TaskLocal static var current: Reports?

  private let all = Mutex<[DeferredReport]>([])

  static let areInstalled: Void = {
    // Other modules' tests, in the same process, have a hook of their own: what is not ours goes there.
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

  /// The reports since the last call. What no call took fails the test.
  static func take() -> [DeferredReport] {
    current!.all.withLock { list in
      defer { list = [] }
      return list
    }
  }

  /// The errors of the unhandled failures since the last call, in words; other reports as their code.
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

/// A failure that nobody handled, or a second firing, fails the test that caused it.
struct ReportedTrait: SuiteTrait, TestTrait, TestScoping {
  let isRecursive = true

  @concurrent func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    Reports.areInstalled
    try await Reports.$current.withValue(Reports()) {
      try await function()
      for report in Reports.take() where report.code != .abandoned { Issue.record("\(report)") }
    }
  }
}

extension Trait where Self == ReportedTrait {
  static var reported: Self { Self() }
}
