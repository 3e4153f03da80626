import Testing

@Suite struct RunUntilCompleteTests {
  @Test func `what the body returns is returned, and what it throws is thrown`() {
    let probe = Probe("completes")
    #expect(probe.lines == ["on the main thread: true", "returned 42", "threw Wrong()", "at once 7"])
    #expect(probe.exitCode == 0)
  }

  @Test func `a second run follows the first, with what that left under way`() {
    #expect(Probe("completes twice").lines == ["first", "left by the first", "second"])
  }

  @Test func `a task of the main actor begun before the run continues during it`() {
    #expect(Probe("completes beside others").lines == ["other", "body", "returned"])
  }

  @Test(arguments: [("interrupt", Int32(130)), ("terminate", 143)])
  func `a signal cancels the body, which is waited for, and the exit code tells of it`(scenario: String, code: Int32) {
    let probe = Probe("\(scenario)s body")
    #expect(probe.lines == ["waiting", "CancellationError()", "cleaned up", "body ends", "shutdown"])
    #expect(probe.exitCode == code)
  }

  @Test func `a body that ignores its cancellation is waited for, and its program exits all the same`() {
    let probe = Probe("ignores interrupt")
    #expect(probe.lines == ["waiting", "CancellationError()", "finished"])
    #expect(probe.exitCode == 130)
  }

  @Test func `a second signal exits at once, with its own number`() {
    var probe = Probe("second interrupt")
    #expect(probe.lines == ["waiting", "CancellationError()"])
    #expect(probe.exitCode == 130)
    probe = Probe("interrupt, terminate")
    #expect(probe.lines == ["waiting", "CancellationError()"])
    #expect(probe.exitCode == 143)
  }

  @Test func `afterwards signals do what they did before`() {
    let probe = Probe("signals after")
    #expect(probe.lines == ["in the body false false", "afterwards true true"])
  }

  @Test func `the reactor's stop cancels the body and waits for it`() {
    let probe = Probe("stop in body")
    #expect(
      probe.lines == [
        "stopped", "await CancellationError()", "threw CancellationError()", "from a callback",
        "await CancellationError()", "returned 5",
      ])
    #expect(probe.exitCode == 0)
  }

  @Test func `a stop before it cancels the body as soon as that has begun`() {
    #expect(Probe("stop before body").lines == ["begins cancelled: true", "returned 1"])
  }

  @Test func `crash ends it without the body, and says what to call instead`() {
    let probe = Probe("crash in body")
    #expect(probe.lines.count == 1)
    #expect(
      probe.lines.first
        == "threw the reactor was ended before the body that it ran for: call stop(), which waits for it, not crash()")
    #expect(probe.exitCode == 0)
  }

  @Test func `a body that a crash has left does not end the next run`() {
    #expect(Probe("crash, then another").lines == ["crashed", "the first goes on", "the second was cancelled: false"])
  }

  @Test func `it is refused to a task of the main actor`() {
    let probe = Probe("run until complete in a task")
    #expect(probe.output.contains("reactor.run() was called from a task of the main actor"))
    #expect(probe.exitCode != 0)
  }
}
