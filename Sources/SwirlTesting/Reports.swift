public import SwirlDeferred
import Synchronization

/// Runs `body` and gives the reports made meanwhile: failures nobody handled, Deferreds fired twice. They go nowhere else.
///
/// ```swift
/// let seen = reports { _ = Deferred<Int>.fail(SomeError()) }
/// #expect(seen.map(\.code) == [.unhandledFailure])
/// ```
///
/// Reports are made on the thread that lets go of the Deferred. Those of this task, of its child tasks, and of a reactor that
/// `body` runs are seen; those of threads that `body` starts are not.
public func reports(_ body: () throws -> Void) rethrows -> [DeferredReport] {
  let recorder = ReportRecorder { _ in }
  try ReportRecorder.$current.withValue(recorder) { try body() }
  return recorder.reports
}

/// Runs `body` and gives the reports made meanwhile by this task and its child tasks.
public func reports(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async rethrows -> [DeferredReport] {
  let recorder = ReportRecorder { _ in }
  try await ReportRecorder.$current.withValue(recorder) { try await body() }
  return recorder.reports
}

/// Who hears of the reports that the present task makes.
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

  /// The hook of the process, once. A report is made synchronously by the code that causes it, so the task-local tells whose
  /// it is, however many tests run at once; one of another thread goes where it went before.
  private static let isHooked: Void = {
    let previous = Mutex(Previous())
    let before = DeferredReport.setHandler { report in
      if let recorder = current { recorder.take(report) } else { previous.withLock { $0 }.handler?(report) }
    }
    previous.withLock { $0.handler = before }
  }()

  /// Not the bare closure, which would gain a layer each time that it is read under the lock, until a call overflows the stack of a thread.
  private struct Previous {
    var handler: DeferredReport.Handler?
  }
}
