// A command with the flags of curl that people type from habit.
// Answers to: curl.
// Run: `swift run Fetch --help`.
//
// It leaves out what is not HTTP, HTTP/2 and HTTP/3, and limits of speed.
import Foundation
import Swirl
import Terminal

var reportsErrors = true
do {
  let parts = try CommandParser(Array(CommandLine.arguments.dropFirst())).parts
  reportsErrors = parts.allSatisfy(\.reportsErrors)
  let wish = parts.first { $0.wish != .transfers }?.wish ?? .transfers
  switch wish {
  case .help: try put(Help.text)
  case .version: try put("fetch \(swirlVersion)")
  case .transfers:
    let complete = parts.map(Password.complete)
    exit(
      try runUntilComplete {
        var (code, number) = (Int32(0), 0)
        let console = Console()
        for part in complete {
          let failed = try await Session(part, firstNumber: number, console).run()
          if failed != 0 { code = failed }
          number += part.urls.count
        }
        return code
      })
  }
} catch {
  let code = exitCode(of: error)
  if reportsErrors, (error as? OutputError)?.isBrokenPipe != true { tell("fetch: (\(code)) \(error)") }
  exit(code)
}
