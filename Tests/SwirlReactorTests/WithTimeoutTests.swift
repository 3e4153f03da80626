import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct WithTimeoutTests {
  private struct Trouble: Error {}
  private let reactor = Reactor(clock: .virtual())

  /// The outcome of `withTimeout(.seconds(5))` of a body on the virtual reactor, and when it ended.
  private func outcome(
    cancelAfter: Duration? = nil, _ body: @escaping () async throws -> String
  ) -> (String, after: Duration) {
    let start = reactor.now
    var outcome = ("nothing", after: Duration.zero)
    reactor.callSoon { [reactor] in
      let timed = Deferred { try await withTimeout(.seconds(5)) { try await body() } }
      if let cancelAfter { reactor.callLater(cancelAfter) { timed.cancel() } }
      timed.addBoth { result in
        switch result {
        case .success(let value): outcome.0 = value
        case .failure(let error): outcome.0 = "\(type(of: error))"
        }
        outcome.after = reactor.now - start
      }
    }
    reactor.runUntilIdle()
    return outcome
  }

  @Test func `a body in time gives its value, and leaves no timer`() {
    let (text, after) = outcome {
      try await reactor.sleep(.seconds(4)).value
      return "in time"
    }
    #expect(text == "in time" && after == .seconds(4))
    #expect(reactor.delayedCalls.isEmpty)
  }

  @Test func `a late body is cancelled, and this throws a TimeoutError`() {
    var wasCancelled = false
    let (text, after) = outcome {
      do { try await reactor.sleep(.seconds(9)).value } catch {
        wasCancelled = error is CancelledError
        throw error
      }
      return "late"
    }
    #expect(text == "TimeoutError" && after == .seconds(5) && wasCancelled)
  }

  @Test func `an error of the body passes, also one after its cancellation`() {
    #expect(outcome { throw Trouble() }.0 == "Trouble")
    let late = outcome {
      do { try await reactor.sleep(.seconds(9)).value } catch { throw Trouble() }
      return "late"
    }
    #expect(late.0 == "Trouble" && late.after == .seconds(5))
  }

  @Test func `a body that ignores its cancellation is waited for, and its value is the result`() {
    let (text, after) = outcome {
      try? await reactor.sleep(.seconds(9)).value
      return "after all"
    }
    #expect(text == "after all" && after == .seconds(5))
  }

  @Test func `cancelling the task cancels the body, which is no timeout`() {
    let (text, after) = outcome(cancelAfter: .seconds(1)) {
      try await reactor.sleep(.seconds(9)).value
      return "late"
    }
    #expect(text == "\(CancelledError.self)")
    #expect(after == .seconds(1))
    #expect(reactor.delayedCalls.isEmpty)
  }

  @Test func `without a reactor the system's clock counts`() async throws {
    await #expect(throws: TimeoutError(after: .milliseconds(1))) {
      try await withTimeout(.milliseconds(1)) { try await Task.sleep(for: .seconds(1000)) }
    }
    #expect(try await withTimeout(.seconds(1000)) { 1 } == 1)
    #expect(try await withTimeout(.seconds(Int64.max)) { 1 } == 1)
  }

  @MainActor private static func countOnTheMainActor() async throws -> Int {
    var count = 0
    try await withTimeout(.seconds(1000)) {
      MainActor.assertIsolated()
      count += 1
    }
    return count
  }

  @Test func `the body runs on the caller's actor`() async throws {
    #expect(try await Self.countOnTheMainActor() == 1)
  }
}
