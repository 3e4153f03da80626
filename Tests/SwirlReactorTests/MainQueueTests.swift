import SwirlReactor
import Testing

@Suite struct MainQueueTests {
  @Test func `the main queue and the main actor continue while the main reactor runs`() {
    #expect(
      Probe("main queue").lines == [
        "running", "queued before", "task", "queued during", "slept on the main thread: true", "stopped",
      ])
  }

  @Test func `a task of the main actor awaits what the reactor fires`() {
    #expect(Probe("awaits").lines == ["got 42"])
  }

  @Test func `a second run drains it again`() {
    #expect(Probe("runs twice").lines == ["run 1", "run 2"])
  }

  @Test(arguments: ["run from task", "after dispatchMain, task"])
  func `run is refused to a task of the main actor`(scenario: String) {
    let probe = Probe(scenario)
    #expect(probe.output.contains("reactor.run() was called from a task of the main actor"))
    #expect(probe.output.contains("await what you need in the task, or call reactor.run() from the top level"))
    #expect(probe.exitCode != 0)
  }

  @Test func `run is refused to a job of the main queue while the reactor runs`() {
    let probe = Probe("run from queue")
    #expect(probe.output.contains("this reactor runs already"))
    #expect(probe.exitCode != 0)
  }

  @Test func `run of the main reactor is refused to the threads that run the main queue for dispatchMain`() {
    let probe = Probe("after dispatchMain, queue")
    #expect(probe.output.contains("the main reactor runs on the main thread only"))
    #expect(probe.exitCode != 0)
  }

  @Test @MainActor func `run is refused to a test, which is a task of the main actor`() async {
    await #expect(processExitsWith: .failure) { await MainActor.run { Reactor.main.run() } }
  }
}
