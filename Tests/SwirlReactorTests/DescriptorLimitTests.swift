import Testing

@testable import SwirlReactor

@Suite struct DescriptorLimitTests {
  /// With three descriptors no descriptor is free, and the program's own calls of libdispatch fail.
  @Test func `a program that may have few descriptors runs, or says what to do`() {
    let runs = (4...14).map { Probe("descriptors: \($0)") }
    for (limit, run) in zip(4..., runs) where run.exitCode != 0 {
      #expect(run.output.contains("raise the limit (ulimit -n)"), "\(limit): \(run.exitCode) \(run.output)")
    }
    #expect(runs.last?.output.hasSuffix("stopped\n") == true && runs.first?.exitCode != 0)
  }
}
