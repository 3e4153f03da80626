public import Testing

/// Makes a test fail when something went wrong with a Deferred that no code saw: see
/// `.failsOnUnhandledFailures`.
public struct FailsOnUnhandledFailures: SuiteTrait, TestTrait, TestScoping {
  /// A suite gives it to each of its tests.
  public var isRecursive: Bool { true }

  /// Runs a test, and records each report that is made meanwhile as an issue of it.
  @concurrent public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let sourceLocation = test.sourceLocation
    let recorder = ReportRecorder { Issue.record("\($0)", sourceLocation: sourceLocation) }
    try await ReportRecorder.$current.withValue(recorder) { try await function() }
  }
}

extension Trait where Self == FailsOnUnhandledFailures {
  /// A failure of a Deferred that the test lets go of unhandled, and a second firing, is an issue of that test.
  ///
  /// ```swift
  /// @Suite(.failsOnUnhandledFailures) struct ParserTests { … }
  /// ```
  ///
  /// It sees what the test's own task lets go of, a reactor that it runs included, however many tests run at once. What is
  /// let go of on other threads, or after the test, is only logged.
  public static var failsOnUnhandledFailures: Self { Self() }
}
