// Crawls three pages at once, and a thread stores the titles: a semaphore, a set of known URLs, a file.
// Answers to: crawlers on aiohttp with asyncio.Semaphore(3) and a task for each page.
// Run: `swift run StoreCrawler [URL [FILE]]`, beside `swift run Site 8080`.
import Foundation
import Swirl
import SwirlHTML

let arguments = Array(CommandLine.arguments.dropFirst())
let start = arguments.first ?? "http://127.0.0.1:8080/page/0"
let path = arguments.dropFirst().first ?? NSTemporaryDirectory() + "titles-\(UUID()).txt"
_ = FileManager.default.createFile(atPath: path, contents: nil)

let semaphore = DeferredSemaphore(3)
let pages = DeferredGroup()
/// One thread, so that lines do not mix.
let disk = ThreadPool(size: 1)
var known: Set<String> = []

@MainActor func crawl(_ url: String) {
  guard originOfURL(url) == originOfURL(start), known.insert(url).inserted else { return }
  pages.add { try await read(url) }.addErrback { error in print(error) }
}

@MainActor func read(_ url: String) async throws {
  let response = try await semaphore.withToken { try await fetch(url) }
  let page = HTMLPage(response.body, url: response.url, contentType: response["content-type"])
  page.links.forEach(crawl)
  if let title = page.title { try await store("\(title)\t\(url)\n") }
}

@MainActor func store(_ line: String) async throws {
  try await reactor.deferToThread(in: disk) {
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: Data(line.utf8))
  }.value
}

crawl(start)
pages.join().addCallback { _ in
  let titles = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count
  print("\(known.count) URLs, \(pages.failures) failed, \(titles) titles in \(path)")
  reactor.stop()
}
reactor.run()
