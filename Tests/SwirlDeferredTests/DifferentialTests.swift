import Foundation
import SwirlDeferred
import Testing

/// Random programs behave on Swirl as recorded on Twisted.
///
/// The recorded ones always run; `Scripts/differential/run` makes new ones and names them in `SWIRL_TRACES`.
@Suite(.reported) struct DifferentialTests {
  @Test func randomProgramsDoWhatTheyDoOnTwisted() throws {
    let recorded = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Traces/twisted.jsonl").path()
    let path = ProcessInfo.processInfo.environment["SWIRL_TRACES"] ?? recorded
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count >= 300)
    var (mismatches, rings) = (0, 0)
    for (number, line) in lines.enumerated() {
      guard let mismatch = try Self.mismatch(in: line, &rings) else { continue }
      mismatches += 1
      if mismatches <= 5 { Issue.record("line \(number + 1) \(mismatch)") }
    }
    #expect(mismatches == 0, "of \(lines.count)")
    // One of 13,000 was seen.
    #expect(rings <= 1 + lines.count / 2000)
  }

  private struct Recorded {
    let program: [[Any]]
    let trace: [String]

    init(_ line: Substring) throws {
      guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let program = object["p"] as? [[Any]], let trace = object["t"] as? [String]
      else { throw Boom("not a recorded program: \(line)") }
      self.program = program
      self.trace = trace
    }
  }

  /// The difference between a program's behaviour and the recording, in words.
  private static func mismatch(in line: Substring, _ rings: inout Int) throws -> String? {
    let recorded = try Recorded(line)
    let (got, isRing) = Machine.run(recorded.program)
    guard got != recorded.trace else { return nil }
    // A failure that a ring retains is reported by Python's collector alone.
    if isRing, got.dropLast() == recorded.trace.dropLast() {
      rings += 1
      return nil
    }
    let step = zip(got, recorded.trace).enumerated().first { $1.0 != $1.1 }?.offset
    return """
      at step \(step ?? min(got.count, recorded.trace.count)):
      Twisted \(recorded.trace)
      Swirl   \(got)
      \(line.prefix(2000))
      """
  }
}
