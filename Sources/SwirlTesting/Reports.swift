public import SwirlDeferred
import Synchronization

/// Runs `body` and returns the reports during it: unhandled failures, and Deferreds fired twice. No other handler
/// receives them.
///
/// ```swift
/// let seen = reports { _ = Deferred<Int>.fail(SomeError()) }
/// #expect(seen.map(\.code) == [.unhandledFailure])
/// ```
///
/// A report arises on the thread that releases the Deferred. This returns those of the current task, of its child
/// tasks, and of a reactor that `body` runs, but not those of threads that `body` starts.
public func reports(_ body: () throws -> Void) rethrows -> [DeferredReport] {
  let recorder = ReportRecorder { _ in }
  try ReportRecorder.$current.withValue(recorder) { try body() }
  return recorder.reports
}

/// Runs `body` and returns the reports of this task and its child tasks during it.
public func reports(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async rethrows -> [DeferredReport] {
  let recorder = ReportRecorder { _ in }
  try await ReportRecorder.$current.withValue(recorder) { try await body() }
  return recorder.reports
}

/// Receives the reports of the current task.
final class ReportRecorder: Sendable {
  @TaskLocal static var current: ReportRecorder?

  private let list = Mutex<[DeferredReport]>([])
  private let hear: @Sendable (DeferredReport) -> Void

  init(hear: @escaping @Sendable (DeferredReport) -> Void) {
    self.hear = hear
    Self.isHooked
  }

  var reports: [DeferredReport] { list.withLock { $0 } }

  private func take(_ report: DeferredReport) {
    list.withLock { $0.append(report) }
    hear(report)
  }

  /// Installs the process-wide hook, once. The code that causes a report calls the hook synchronously, so the
  /// task-local identifies the test even if tests run in parallel. Reports from other threads go to the previous
  /// handler.
  private static let isHooked: Void = {
    let others = Mutex(Others())
    let before = DeferredReport.setHandler { report in
      if let recorder = current { recorder.take(report) } else { others.withLock { $0 }.handler?(report) }
    }
    others.withLock { $0.handler = before }
  }()

  /// Wraps the previous handler. The mutex would wrap a bare closure in one more thunk (for its generic parameter) on
  /// each read under the lock, and after some thousand reports the thunks overflow the stack.
  private struct Others {
    var handler: DeferredReport.Handler?
  }
}
