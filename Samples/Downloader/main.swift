// Downloads many files at once, goes on where it stopped, and verifies them: `swift run Downloader --help`.
//
// It leaves out what a list may say of each file besides its URL. A file that has changed on the server since a part of it came
// is noticed by its checksum alone.
import Foundation
import Swirl

let options = Options.parseOrExit()
let code: Int32
do {
  let batch = try Batch(options)
  code = try runUntilComplete { try await batch.run() }
} catch {
  tell("downloader: \(error)")
  exit(Failure.code(of: error))
}
exit(code)
