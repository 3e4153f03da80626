import Testing

@Suite struct ProcessSetupTests {
  @Test func `writing to a peer that is gone does not end the process`() {
    #expect(Probe("broken pipe").lines == ["-1 true"])
  }

  @Test func `a handler of the program's own for SIGPIPE stays`() {
    #expect(Probe("own handler of broken pipe").lines == ["own"])
  }

  @Test func `a failure that nobody handled is logged`() {
    let output = Probe("unhandled failure").output
    #expect(output.contains("error") && output.contains("unhandled failure in a Deferred: Wrong()"))
  }
}
