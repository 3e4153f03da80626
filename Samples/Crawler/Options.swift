import ArgumentParser
import Swirl
import SwirlHTML

struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crawler", abstract: "Crawls sites into a database, and resumes where it stopped.",
    usage: """
      crawler https://example.org/
             crawler --same-host --max-pages 1000 --store example.sqlite https://example.org/
             crawler --store example.sqlite   (resumes)
             crawler -c 100 --delay 1 --store postgres://localhost/crawl https://example.org/ https://example.com/
      """,
    version: "crawler \(swirlVersion)")

  @Option(name: [.customShort("c"), .long], help: "How many pages at once.")
  var concurrency = 10
  @Option(name: .long, help: "How many of one host at once.")
  var perHost = 4
  @Option(name: .long, help: "The pause between two requests to a host, in seconds, by all who share the store.")
  var delay = 0.0
  @Option(name: .long, help: "Stop after so many pages; 0 for no end.")
  var maxPages = 0
  @Flag(name: .long, help: "Follow only links to the hosts of the URLs that are given.")
  var sameHost = false
  @Flag(name: .long, help: "Do not ask for robots.txt.")
  var ignoreRobots = false
  @Option(name: .long, help: "How long a page may take, in seconds.")
  var timeout = 30.0
  @Option(name: .long, help: "How long to wait for a store that is away, in seconds.")
  var patience = 60.0
  @Option(
    name: .customLong("measure"),
    help: ArgumentHelp("Take and store so many URLs without fetching them.", visibility: .hidden))
  var measured = 0
  @Option(
    name: .long,
    help: """
      How long a URL belongs to the crawler that took it, in seconds, unless it says that it still works on it: so soon another takes over from \
      one that was killed.
      """)
  var lease = 60.0
  @Option(name: .long, help: "Where pages are stored: a file of SQLite, or a URL of PostgreSQL, postgres://…")
  var store = "crawl.sqlite"
  @Option(name: .long, help: "Without a terminal: the seconds between two lines of progress.")
  var interval = 10.0
  @Flag(name: [.customShort("q"), .customLong("quiet")], help: "No progress.")
  var isQuiet = false
  @Argument(
    help: """
      Where to begin; none to go on with what the store has. Several crawlers may share a store. Exit codes: 0 when nothing is left to do, or \
      --max-pages are stored, 1 when something is left because the store is gone or refuses it, or the machine has no room, 64 usage.
      """)
  var urls: [String] = []

  func validate() throws {
    if let url = urls.first(where: { normalizeURL($0) == nil }) {
      throw ValidationError("\(HTTPClient.Request(url).redactedURL) is no http or https URL")
    }
    if sameHost && urls.isEmpty { throw ValidationError("give the URLs again whose hosts --same-host means") }
    if concurrency < 1 || perHost < 1 { throw ValidationError("give 1 or more at once") }
    // NaN is in no range.
    let times = 0.001...1e9
    guard maxPages >= 0, delay == 0 || times ~= delay, times ~= timeout, times ~= lease, times ~= patience,
      times ~= interval
    else {
      throw ValidationError("counts are not negative, and times between a millisecond and 30 years")
    }
  }
}
