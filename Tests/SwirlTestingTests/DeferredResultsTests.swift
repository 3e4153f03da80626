import SwirlDeferred
import SwirlTesting
import Synchronization
import Testing

private struct Wrong: Error, Equatable {}
private struct Other: Error {}

@Suite(.failsOnUnhandledFailures) struct DeferredResultsTests {
  @Test func `the value of a success is returned`() throws {
    #expect(try successResult(of: Deferred.succeed(5)) == 5)
    let chained = Deferred.succeed(5).addCallback { $0 + 1 }
    #expect(try successResult(of: chained) == 6)
  }

  @Test func `the error of a failure is returned, and handled`() throws {
    #expect(try failureResult(of: Deferred<Int>.fail(Wrong())) is Wrong)
    #expect(try failureResult(of: Deferred<Int>.fail(Wrong()), as: Wrong.self) == Wrong())
  }

  @Test func `a Deferred without a result is left as it was`() throws {
    let deferred = Deferred<Int>()
    expectNoResult(of: deferred)
    deferred.callback(1)
    #expect(try successResult(of: deferred) == 1)
  }

  @Test func `what is held back is not there yet`() throws {
    let deferred = Deferred<Int>.succeed(1)
    deferred.pause()
    withKnownIssue { _ = try successResult(of: deferred) }
    deferred.unpause()
    #expect(try successResult(of: deferred) == 1)
  }

  /// Expects one issue at the line of the call, which ends the test.
  @Test func `anything else is one issue`() throws {
    func expectOneIssue(_ words: String, _ line: Int = #line, _ body: () throws -> Void) throws {
      let recorded = Mutex<[Issue]>([])
      try withKnownIssue {
        try body()
      } matching: { issue in
        recorded.withLock { $0.append(issue) }
        return true
      }
      let issues = recorded.withLock { $0 }
      #expect(issues.count == 1)
      #expect(issues.first?.comments.first?.rawValue.contains(words) == true, "\(issues)")
      #expect(issues.first?.sourceLocation?.line == line)
    }
    try expectOneIssue("it failed: Wrong()") { try successResult(of: Deferred<Int>.fail(Wrong())) }
    try expectOneIssue("no result yet") { try successResult(of: Deferred<Int>()) }
    try expectOneIssue("it succeeded: 1") { try failureResult(of: Deferred.succeed(1)) }
    try expectOneIssue("no result yet") { try failureResult(of: Deferred<Int>()) }
    try expectOneIssue("failed with a Other") { try failureResult(of: Deferred<Int>.fail(Other()), as: Wrong.self) }
    try expectOneIssue("there is one: success(1)") { expectNoResult(of: Deferred.succeed(1)) }
    try expectOneIssue("there is one: failure(") { expectNoResult(of: Deferred<Int>.fail(Wrong())) }
  }
}
