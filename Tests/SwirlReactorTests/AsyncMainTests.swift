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

  @Test func `stop ends the reactor, and main continues`() {
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
    for scenario in ["without a reactor", "late main"] {
      let probe = Probe(scenario, of: "AsyncProbe")
      #expect(probe.output.contains("write `_ = reactor` before the first await of main.swift or of main()"))
      #expect(probe.exitCode != 0)
    }
  }

  @Test func `after an awaited fetch the main reactor runs, though main has not touched it`() {
    #expect(
      Probe("fetch first", of: "AsyncProbe").lines == [
        "hello from /a", "hello from /b", "42", #"["hello from /c", "hello from /d"]"#,
      ])
  }

  @Test func `a Deferred in an actor that lives on no reactor's thread says where it works`() {
    let probe = Probe("actor", of: "AsyncProbe")
    for words in ["try await fetch(url)", "ReactorThread.shared.run { reactor in", "nonisolated var unownedExecutor"] {
      #expect(probe.output.contains(words))
    }
    #expect(probe.exitCode != 0)
  }

  @Test func `an await in main that nothing can end is reported, and one that takes its time is not`() {
    let line = Probe("never", of: "AsyncProbe").output
    #expect(line.hasPrefix("a Deferred is awaited in main, and the main reactor cannot fire it, because"))
    #expect(line.contains("made at AsyncProbe/main.swift:"))
    #expect(Probe("later", of: "AsyncProbe").output == "42\n")
  }

  @Test func `an await in main after the main reactor was stopped is reported`() {
    let lines = Probe("after stop", of: "AsyncProbe").lines
    #expect(lines.first == "stopped true")
    #expect(lines.last?.contains("because reactor.stop() has ended it") == true)
  }

  @Test func `a main that ends before its requests says so`() {
    #expect(
      Probe("end", of: "AsyncProbe").lines == [
        "swirl: main ends while 1 request had no result yet. Await what must be finished before the end of main: "
          + "try await fetch(url).addCallback { … }.value"
      ])
  }

  @Test func `a main whose requests have their results ends without a word, though a connection still closes`() {
    #expect(Probe("answered", of: "AsyncProbe").lines == ["hello"])
  }

  @Test func `a timeout of a fetch names the request`() {
    #expect(
      Probe("timeout", of: "AsyncProbe").lines == ["GET http://SERVER/slow did not end within 0.005 seconds"])
  }

  @Test func `a program with reactors on threads only is left alone`() {
    #expect(Probe("only threads", of: "AsyncProbe").output == "1\n")
  }
}
