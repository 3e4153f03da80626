import Testing

@Suite struct ReactorSignalsTests {
  @Test(arguments: ["sigint", "sigterm"]) func `the signal stops, and its default is put back`(scenario: String) {
    let probe = Probe(scenario)
    #expect(probe.lines == ["shutdown", "stopped true true"])
    #expect(probe.exitCode == 0)
  }

  @Test func `a second SIGINT ends at once, without waiting for a shutdown trigger`() {
    #expect(Probe("second sigint").lines == ["shutdown", "ended"])
  }

  @Test func `a signal that is ignored at the start, as in a background job of a script, stays ignored`() {
    let probe = Probe("ignored signal")
    #expect(probe.lines == ["shutdown false", "still ignored", "ended"])
    #expect(probe.exitCode == 0)
  }

  @Test func `run leaves signals alone if asked to`() {
    #expect(Probe("unhandled signals").lines == ["true true"])
  }

  @Test func `handlers are called in order, one removed by another is not, and the last puts the default back`() {
    #expect(Probe("signal handlers").lines == ["false", "first", "third", "true"])
  }

  @Test func `the main reactor's handlers can be added while another reactor runs on the main thread`() {
    #expect(Probe("handler from other").lines == ["false"])
  }

  @Test func `another reactor than the main one takes no handler`() {
    let probe = Probe("no handler on other")
    #expect(probe.output.contains("signals belong to the process: add their handlers to Reactor.main"))
    #expect(probe.exitCode != 0)
  }
}
