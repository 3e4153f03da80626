import Testing

@testable import SwirlReactor

@Suite struct DescriptorLimitTests {
  /// Below four nothing is loaded.
  @Test func `a program that may have few descriptors runs, or says what to do`() {
    let runs = (4...16).map { Probe("main queue", descriptors: $0) }
    for (limit, run) in zip(4..., runs) where run.exitCode != 0 {
      #expect(run.output.contains("raise the limit (ulimit -n)"), "\(limit): \(run.exitCode) \(run.output)")
    }
    #expect(runs.last?.exitCode == 0 && runs.first?.exitCode != 0)
  }
}
