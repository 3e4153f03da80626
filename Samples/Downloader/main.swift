// Downloads many files at once, resumes where it stopped, and verifies them.
// Answers to: aria2c.
// Run: `swift run Downloader --help`.
//
// It leaves out attributes other than the URL in the list of files. It resumes a part if the server identifies the
// version by ETag or Last-Modified; otherwise it starts the file again.
import Foundation
import Swirl
import Terminal

let options = Options.parseOrExit()
let code: Int32
do {
  let batch = try Batch(options)
  code = try runUntilComplete { try await batch.run() }
} catch {
  if (error as? OutputError)?.isBrokenPipe != true { tell("downloader: \(error)") }
  exit(Failure.code(of: error))
}
exit(code)
