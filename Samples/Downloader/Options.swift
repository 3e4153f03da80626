import ArgumentParser
import Swirl

struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "downloader",
    abstract: "Downloads many files at once, resumes where it stopped, and verifies them.",
    usage: """
      downloader https://example.org/a.iso https://example.org/b.iso
             downloader -P 8 -o downloads -i list-of-urls.txt
             downloader -c SHA256SUMS https://example.org/a.iso   (checks it, and prints its line)
             downloader https://example.org/a.iso | tee -a SHA256SUMS
      """,
    version: "downloader \(swirlVersion)")

  @Option(name: [.customShort("P"), .customLong("parallel")], help: "How many files at once.")
  var parallel = 4
  @Option(name: [.customShort("o"), .customLong("output")], help: "The folder to put them into.")
  var folder = "."
  @Option(name: [.customShort("i"), .customLong("input")], help: "A file with more URLs, one a line.")
  var input: String?
  @Option(name: [.customShort("c"), .customLong("checksums")], help: "What the files must be, as sha256sum prints it.")
  var checksums: String?
  @Option(name: .long, help: "How often each file is tried again.")
  var retries = 5
  @Option(name: .long, help: "The longest pause before the first of these, in seconds; then twice as long each time.")
  var delay = 0.5
  @Flag(name: [.customShort("q"), .customLong("quiet")], help: "No progress.")
  var isQuiet = false
  @Option(name: .long, help: "Without a terminal: the seconds between two lines of progress.")
  var interval = 10.0
  @Argument(
    help: """
      What to download. Prints the checksums as sha256sum does. Exit codes: 0 all are there, 1 a server was not reached, 2 usage, \
      3 a checksum is another, 4 a server refused, 5 a file cannot be read or written; of several the highest.
      """)
  var urls: [String] = []

  func validate() throws {
    if urls.isEmpty && input == nil { throw ValidationError("give a URL") }
    // NaN is in no range.
    if parallel < 1 || retries < 0 || !(0...1e9 ~= delay) || !(0.01...1e9 ~= interval) {
      throw ValidationError("give 1 or more at once, 0 or more retries, and times in seconds")
    }
  }
}
