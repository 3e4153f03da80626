// Crawls sites into a database, many pages at a time, and resumes after it was killed.
// Answers to: Scrapy's tutorial, with its JOBDIR.
// Run: `swift run Crawler --help`.
//
// It leaves out: pages that change (each is fetched once), links made by scripts, and the Crawl-delay of robots.txt,
// which is not in RFC 9309: use --delay.
import Foundation
import Swirl
import Terminal

let options = Options.parseOrExit()
do {
  if options.measured > 0 {
    try runUntilComplete { try await Measurement(options).run() }
    exit(0)
  }
  let crawl = try Crawl(options)
  try runUntilComplete { try await crawl.run() }
  try crawl.report()
} catch {
  tell("crawler: \(error)")
  exit(1)
}
