// Downloads many files at once, goes on where it stopped, and verifies them: `swift run Downloader --help`.
//
// It leaves out what a list may say of each file besides its URL. A part is resumed if the server names its version by an ETag or a
// Last-Modified; else the file is downloaded from its beginning.
import Foundation
import Swirl

let options = Options.parseOrExit()
let code: Int32
do {
  let batch = try Batch(options)
  code = try runUntilComplete { try await batch.run() }
} catch {
  if (error as? Failure)?.isBrokenPipe != true { tell("downloader: \(error)") }
  exit(Failure.code(of: error))
}
exit(code)
