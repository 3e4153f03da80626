// Worker processes fetch and process pages; the parent collects the results.
// Answers to: Python's ProcessPoolExecutor and its map.
// Run: `swift run ProcessPoolFetch`.
import Glibc
import Swirl

/// A worker's result: its process ID, and the number of primes up to the number on the page.
struct Finding: Codable, Sendable {
  let process: Int32
  let primes: Int
}

let countPrimes = ProcessFunction<String, Finding>("count primes")

ProcessPool.register(countPrimes) { url in
  let limit = Int(try await fetch(url).text) ?? 0
  let primes = (2...max(2, limit)).count { number in
    !(2..<number).prefix { $0 * $0 <= number }.contains { number.isMultiple(of: $0) }
  }
  return Finding(process: getpid(), primes: primes)
}
// Workers run this same program. Each of them repeats the code before this call, and not the code after it.
ProcessPool.serveIfWorker()

/// A local server: /10000 answers 10000.
let server = HTTPServer { request in .text("\(request.path.dropFirst())") }
let address = try server.listen(0).localAddress
let urls = (1...5).map { "http://\(address)/\($0 * 10_000)" }

let pool = ProcessPool(size: 2)
pool.map(countPrimes, urls)
  .addCallback { findings in
    for (url, finding) in zip(urls, findings) { print("\(url): \(finding.primes) primes") }
    let processes = Set(findings.map(\.process))
    print("in \(processes.count) processes", processes.contains(getpid()) ? "and this one" : "beside this one")
  }
  .addErrback { error in print(error) }
  .addBoth { _ in
    pool.close()
    reactor.stop()
  }
reactor.run()
