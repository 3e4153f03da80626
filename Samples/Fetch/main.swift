// A command with the most common flags of curl.
// Answers to: curl.
// Run: `swift run Fetch --help`.
import Foundation
import Swirl

let options = Options.parseOrExit()
let code: Int32
do {
  let transfer = try Transfer(options)
  code = try runUntilComplete { try await transfer.run() }
} catch {
  if !options.isSilent, (error as? OutputError)?.isBrokenPipe != true { tell("fetch: \(error)") }
  exit(exitCode(of: error))
}
exit(code)
