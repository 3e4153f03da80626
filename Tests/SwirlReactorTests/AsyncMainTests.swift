import Testing

/// Programs whose main is async: the main thread runs the main reactor while main awaits.
@Suite struct AsyncMainTests {
  @Test func `a Deferred of the main reactor can be awaited in main`() {
    #expect(Probe("value", of: "AsyncProbe").lines == ["got 42", "and 43"])
  }

  @Test func `a server on the main reactor serves while main awaits`() {
    #expect(
      Probe("server", of: "AsyncProbe").lines == [
        "hello from /a", "hello from /b", "hello from /c", "hello from /d",
      ])
  }

  @Test func `stop ends the reactor, and main goes on`() {
    let lines = Probe("stop", of: "AsyncProbe").lines
    // The awaiting task and the trigger are both due in that turn.
    #expect(lines.prefix(2).sorted() == ["got 1", "shutdown"] && lines.last == "goes on false")
  }

  @Test func `run is refused to an async main, which says what to do`() {
    let probe = Probe("run", of: "AsyncProbe")
    #expect(probe.output.contains("reactor.run() was called from a task of the main actor"))
    #expect(probe.exitCode != 0)
  }

  @Test func `a main reactor that comes too late to run is warned of`() {
    let probe = Probe("too late", of: "AsyncProbe")
    #expect(probe.output.contains("use it before the first suspension of an async main, or use a ReactorThread"))
    #expect(probe.lines.count == 1)
  }

  @Test func `a fetch without await, where main has no reactor, says what to use`() {
    let probe = Probe("without a reactor", of: "AsyncProbe")
    #expect(probe.output.contains("in code that awaits, try await fetch(url) and ReactorThread work on every thread"))
    #expect(probe.exitCode != 0)
  }

  @Test func `a program with reactors on threads only is left alone`() {
    #expect(Probe("only threads", of: "AsyncProbe").output == "1\n")
  }
}
