import Foundation
import SwirlReactor
import Testing

@Suite struct VersionTests {
  @Test func `the version is that of the changelog's newest entry`() throws {
    let file = URL(filePath: "../../CHANGELOG.md", relativeTo: URL(filePath: #filePath))
    let changelog = try String(contentsOf: file, encoding: .utf8)
    let newest = changelog.split(separator: "\n").first { $0.hasPrefix("## ") && $0 != "## Unreleased" }
    #expect(newest == "## \(swirlVersion)")
  }
}
