import SwirlDeferred
public import Testing

/// Makes a test fail on an unhandled failure of a Deferred: see `.failsOnUnhandledFailures`.
public struct FailsOnUnhandledFailures: SuiteTrait, TestTrait, TestScoping {
  /// Applies to each test of a suite.
  public var isRecursive: Bool { true }

  /// Runs a test, and records each report during it as an issue.
  @concurrent public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let sourceLocation = test.sourceLocation
    let recorder = ReportRecorder { report in
      // A hint, not a failure: on a slow machine another task may fire the Deferred later.
      if report.code == .nothingToFireIt { return }
      Issue.record("\(report)", sourceLocation: sourceLocation)
    }
    try await ReportRecorder.$current.withValue(recorder) { try await function() }
  }
}

extension Trait where Self == FailsOnUnhandledFailures {
  /// Records an issue when a test releases a Deferred with an unhandled failure, or fires one twice.
  ///
  /// ```swift
  /// @Suite(.failsOnUnhandledFailures) struct ParserTests { … }
  /// ```
  ///
  /// It covers Deferreds that the test's own task releases, and those of a reactor that it runs; parallel tests do not
  /// mix. Reports from other threads, or after the test, are only logged.
  public static var failsOnUnhandledFailures: Self { Self() }
}
