import Testing

@Suite struct ForgottenRunTests {
  @Test(arguments: [
    ("call", "1 call."), ("two timers", "2 calls."), ("descriptor", "1 watched descriptor."),
    ("thread", "1 deferToThread call."),
  ])
  func `a program that ends without reactor.run() says what nothing came of`(what: String, words: String) {
    let probe = Probe("forgotten: \(what)")
    #expect(probe.lines == ["\(Self.beginning)\(words) \(Self.end)"])
    #expect(probe.exitCode == 0)
  }

  @Test(arguments: ["nothing", "cancelled timer", "ran", "other thread"])
  func `it says nothing where nothing is left, where it ran, and from another thread`(what: String) {
    let probe = Probe("forgotten: \(what)")
    #expect(probe.output == "")
    #expect(probe.exitCode == 0)
  }

  @Test func `a fetch without a run is one request`() {
    #expect(Probe("forgotten", of: "AsyncProbe").lines == ["\(Self.beginning)1 request. \(Self.end)"])
  }

  private static let beginning = "swirl: the program ends, but reactor.run() was never called: nothing came of "
  private static let end =
    "Call it at the end of main.swift, or await what you need: try await fetch(url)"
}
