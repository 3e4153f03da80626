import Testing

@Suite struct ProcessSetupTests {
  @Test func `writing to a closed peer does not end the process`() {
    #expect(Probe("broken pipe").lines == ["-1 true"])
  }

  @Test func `a handler of the program's own for SIGPIPE stays`() {
    #expect(Probe("own handler of broken pipe").lines == ["own"])
  }

  @Test func `a failure without an errback is logged`() {
    let output = Probe("unhandled failure").output
    #expect(output.contains("error") && output.contains("unhandled failure in a Deferred: Wrong()"))
  }

  @Test(arguments: [("", "false nil"), ("SWIRL_DEBUG=1", "true 0.1 seconds"), ("SWIRL_DEBUG=0", "false nil")])
  func `the environment switches debug mode on`(environment: String, expected: String) {
    #expect(Probe("debug mode", environment: environment).lines == [expected])
  }
}
