import Glibc
import Measure
import Swirl

/// A cache in a directory of so many files: filled, opened anew, asked, and over its limit.
@MainActor func growingCache(_ size: Int) throws {
  let operations = 5_000
  let folder = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/swirl-growth-\(getpid())"
  defer { HTTPCache(directory: folder).removeAll().addBoth { _ in reactor.stop() }; reactor.run(); rmdir(folder) }
  let page = [UInt8](repeating: 120, count: 1000)

  /// Fetches pages one by one, by their numbers, with a cache of its own. What that takes is divided by `operations`.
  func fetch(
    _ phase: String, _ count: Int, per operations: Int? = nil, limit: Int = 1 << 40, outcome: HTTPCache.Outcome,
    _ number: @escaping () -> Int
  ) {
    let client = HTTPClient(answering: { _ in .init(headers: [.cacheControl: "max-age=3600"], body: page) })
    let cache = HTTPCache(directory: folder, limit: limit)
    client.intercept(cache)
    var left = count
    func next() {
      client.fetch("http://example.com/page/\(number())") { result in
        let found = try result.get().cacheOutcome
        if found != outcome { fail("\(phase): \(String(describing: found))") }
        left -= 1
        if left == 0 { reactor.stop() } else { next() }
      }
    }
    var measured = Phase(phase)
    measured.measure(operations ?? count) {
      next()
      reactor.run()
    }
    measured.send()
    if cache.counts.failures > 0 || (limit < 1 << 40) != (cache.counts.evictions > 0) {
      fail("\(phase): \(cache.counts)")
    }
  }

  var number = 0
  func following() -> Int {
    number += 1
    return number
  }
  var numbers = Numbers()
  fetch("a new page", size, outcome: .miss, following)
  fetch("a page that it has", operations, outcome: .hit) { 1 + numbers.next(below: size) }
  // The first change of a cache scans the directory.
  fetch("the first new page of a process, for each file", 1, per: size, outcome: .miss, following)
  // All files are as large as the first.
  let limit = size * fileSize(in: folder)
  fetch("a new page in place of an old one", max(size / 2, 10), limit: limit, outcome: .miss, following)
}

/// The size of one of the files of a directory.
private func fileSize(in folder: String) -> Int {
  guard let directory = opendir(folder) else { fail("no \(folder)") }
  defer { closedir(directory) }
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
    }
    var status = stat()
    if stat("\(folder)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG { return Int(status.st_size) }
  }
  fail("\(folder) is empty")
}
