import Foundation
import SwirlDeferred
import Testing

/// Random programs do on Swirl what they were seen to do on Twisted.
///
/// The recorded ones always run; `Scripts/differential/run` makes new ones and names them in `SWIRL_TRACES`.
@Suite(.reported) struct DifferentialTests {
  @Test func randomProgramsDoWhatTheyDoOnTwisted() throws {
    let recorded = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Traces/twisted.jsonl").path()
    let path = ProcessInfo.processInfo.environment["SWIRL_TRACES"] ?? recorded
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count >= 300)
    var mismatches = 0
    for (number, line) in lines.enumerated() {
      let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let expected = try #require(object["t"] as? [String])
      let got = Machine.run(try #require(object["p"] as? [[Any]]))
      guard got != expected else { continue }
      mismatches += 1
      if mismatches <= 5 {
        let step = zip(got, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(got.count, expected.count)
        Issue.record(
          "line \(number + 1) at step \(step):\nTwisted \(expected)\nSwirl   \(got)\n\(line.prefix(2000))")
      }
    }
    #expect(mismatches == 0, "of \(lines.count)")
  }
}
