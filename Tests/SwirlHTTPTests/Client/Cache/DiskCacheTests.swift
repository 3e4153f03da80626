import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) final class DiskCacheTests {
    private let path = FileManager.default.temporaryDirectory.appending(path: "swirl-cache-\(UUID())/deep").path

    deinit {
      chmod(path, 0o700)
      try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }

    private var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }
    private func content(_ name: String) -> [UInt8] {
      FileManager.default.contents(atPath: "\(path)/\(name)").map { [UInt8]($0) } ?? []
    }
    private func put(_ bytes: [UInt8], _ name: String) throws {
      try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
    }

    private func bench(limit: Int = 1 << 20) throws -> CacheBench {
      try CacheBench(HTTPCache(directory: path, limit: limit))
    }

    /// Another cache on the same directory, as another process has.
    private func other(_ bench: CacheBench, limit: Int = 1 << 20) -> HTTPCache {
      let cache = HTTPCache(directory: path, limit: limit)
      cache.now = { bench.time }
      return cache
    }

    @Test func `what one process has kept another finds, and its owner alone can read it`() throws {
      let bench = try bench()
      bench.fields = "Cache-Control: max-age=60\nX-Latin: \u{E9}"
      #expect(bench.ask() == "miss 200 1")
      #expect(bench.ask() == "hit 200 1")
      let client = HTTPClient(on: bench.bench.reactor)
      client.intercept(other(bench))
      var text: String?
      client.fetch(HTTPClient.Request(bench.bench.server.url + "/")) {
        text = try "\($0.get().text) \($0.get().cacheOutcome!)"
      }
      bench.bench.run(until: { text != nil })
      #expect(text == "1 hit" && files.count == 1)
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(files[0])")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o700)
      #expect(!String(decoding: content(files[0]), as: UTF8.self).contains("Bearer"))
      client.close()
      bench.end()
    }

    @Test func `a path cannot be climbed out of, and secrets are not written down`() throws {
      let bench = try bench()
      bench.fields = "Cache-Control: max-age=60\nVary: Cookie"
      for target in ["/../../../etc/passwd", "/%2e%2e%2f", "/a//b/./..", "/" + String(repeating: "x", count: 4000)] {
        #expect(bench.ask(target, headers: [.authorization: "Bearer s3cret", .cookie: "s3cret=1"]).hasPrefix("miss"))
      }
      #expect(files.count == 4, "\(files)")
      #expect(files.allSatisfy(CacheFile.isName))
      for file in files { #expect(!String(decoding: content(file), as: UTF8.self).contains("s3cret")) }
      bench.end()
    }

    @Test func `variants, invalidation and removal, as in memory`() throws {
      let bench = try bench()
      bench.fields = "Cache-Control: max-age=60\nVary: Accept-Language"
      for _ in 0..<2 { for language in ["de", "fr"] { bench.ask(headers: [.acceptLanguage: language]) } }
      #expect(bench.cache.counts.hits == 2 && files.count == 1)
      bench.ask(method: .post)
      #expect(bench.ask(headers: [.acceptLanguage: "de"]) == "miss 200 4")
      bench.tag = "\"a\""
      bench.ask("/tagged")
      bench.time += 100
      #expect(bench.ask("/tagged") == "revalidated 200 5" && bench.ask("/tagged") == "hit 200 5")
      try put([1], "README")
      var isDone = false
      bench.bench.reactor.callSoon { bench.cache.removeAll().addCallback { isDone = true } }
      bench.bench.run(until: { isDone })
      #expect(files == ["README"], "what is not of the cache is left alone")
      #expect(bench.cache.counts.failures == 0)
      bench.end()
    }

    @Test func `a file that is damaged anywhere is a miss, and is replaced`() throws {
      let bench = try bench()
      bench.ask()
      let name = try #require(files.first)
      let whole = content(name)
      #expect(CacheFile.read(whole, for: bench.bench.server.url + "/")?.count == 1)
      // Every byte, and every length.
      for offset in whole.indices {
        var bytes = whole
        bytes[offset] ^= 1 << UInt8(offset % 8)
        #expect(CacheFile.read(bytes, for: bench.bench.server.url + "/") == nil, "changed at \(offset)")
        #expect(
          CacheFile.read(Array(whole.prefix(offset)), for: bench.bench.server.url + "/") == nil, "cut at \(offset)")
      }
      #expect(CacheFile.read(whole + [0], for: bench.bench.server.url + "/") == nil)
      for (number, offset) in [0, 10, 19, 40, 51, 60, whole.count / 2, whole.count - 1].enumerated() {
        var bytes = content(name)
        bytes[offset] ^= 0x40
        try put(bytes, name)
        #expect(bench.ask() == "miss 200 \(number + 2)")
        #expect(bench.ask() == "hit 200 \(number + 2)")
      }
      #expect(bench.cache.counts.failures == 8)
      try put([], name)
      #expect(bench.ask().hasPrefix("miss"))
      try put(Array("something else".utf8), name)
      #expect(bench.ask("/", "only-if-cached") == "miss 504 ")
      #expect(files.isEmpty, "what is not of the cache, under a name that is, goes")
      bench.end()
    }

    @Test func `lengths and counts that lie, behind a hash that is right, are nothing`() {
      let key = "http://a/"
      func file(_ payload: [UInt8]) -> [UInt8] {
        Array("swirl http cache 1\n".utf8) + MessageDigest.sha256(payload) + payload
      }
      func number(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
      let owner = number(UInt64(key.utf8.count)) + Array(key.utf8)
      #expect(CacheFile.read(file(owner + number(0)), for: key)?.isEmpty == true)
      #expect(CacheFile.read(file(owner + number(0)), for: "http://b/") == nil, "another's")
      for lie: UInt64 in [1, 1 << 31, 1 << 62, 1 << 63, .max] {
        #expect(CacheFile.read(file(number(lie) + Array(key.utf8)), for: key) == nil)
        #expect(CacheFile.read(file(owner + number(lie)), for: key) == nil || lie >= 1 << 63)
        let flags = number(0) + number(lie) + number(lie)
        #expect(CacheFile.read(file(owner + number(1) + flags + number(lie)), for: key) == nil)
        let head = Array("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\n".utf8)
        let whole = flags + number(0) + number(UInt64(head.count)) + head + number(0)
        let response = CacheFile.read(file(owner + number(1) + whole), for: key)?.first
        #expect(response?.age(at: .max / 2) ?? 0 >= 0 && response?.lifetime == 60)
        #expect(
          CacheFile.read(file(owner + number(1) + flags + number(0) + number(3) + [1, 2, 3] + number(0)), for: key)
            == nil)
      }
    }

    @Test func `a file under the name of another's key is not taken for it`() throws {
      let bench = try bench()
      bench.ask("/a")
      let a = try #require(files.first)
      bench.ask("/b")
      let b = try #require(files.first { $0 != a })
      try put(content(a), b)
      #expect(bench.ask("/b") == "miss 200 3")
      bench.end()
    }

    @Test func `links, folders and pipes in the place of files do no harm`() throws {
      let bench = try bench()
      let url = bench.bench.server.url
      bench.ask("/first")
      func place(_ target: String) -> String { "\(path)/\(CacheFile.name(for: url + target))" }
      let elsewhere = "\(path)/../elsewhere"
      try Data("mine".utf8).write(to: URL(filePath: elsewhere))
      symlink(elsewhere, place("/link"))
      mkfifo(place("/pipe"), 0o600)
      mkdir(place("/folder"), 0o700)
      for target in ["/link", "/pipe", "/folder"] { #expect(bench.ask(target).hasPrefix("miss 200")) }
      #expect(bench.ask("/link").hasPrefix("hit") && bench.ask("/pipe").hasPrefix("hit"))
      #expect(bench.ask("/folder").hasPrefix("miss"))
      #expect(FileManager.default.contents(atPath: elsewhere) == Data("mine".utf8))
      bench.end()
    }

    @Test func `where nothing can be written, requests continue without the cache`() throws {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      // A file in place of the directory: even root cannot write below it.
      try Data().write(to: URL(filePath: path))
      let bench = try bench()
      for number in 1...3 { #expect(bench.ask() == "miss 200 \(number)") }
      bench.ask(method: .post)
      #expect(bench.cache.counts.failures == 3)
      bench.end()
      let full = try CacheBench(HTTPCache(directory: "/dev/full/cache"))
      #expect(full.ask() == "miss 200 1" && full.ask() == "miss 200 2")
      full.end()
    }

    @Test func `what was used longest ago makes room, and what others have left half done`() throws {
      let bench = try bench(limit: 20_000)
      bench.text = String(repeating: "x", count: 5000)
      bench.ask("/0")
      try put([1, 2, 3], ".new-abandoned")
      try put([1, 2, 3], ".new-current")
      try put([1, 2, 3], "foreign")
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: "\(path)/.new-abandoned")
      for number in 1...2 { bench.ask("/\(number)") }
      #expect(bench.ask("/0").hasPrefix("hit"))
      for number in 3...4 { bench.ask("/\(number)") }
      #expect(bench.cache.counts.evictions > 0)
      #expect(bench.ask("/1").hasPrefix("miss"))
      #expect(files.contains("foreign") && files.contains(".new-current") && !files.contains(".new-abandoned"))
      let size = files.reduce(0) { $0 + content($1).count }
      #expect(size <= 25_000)
      bench.end()
    }

    @Test func `what is larger than the whole cache is not written`() throws {
      let bench = try bench(limit: 4000)
      bench.text = String(repeating: "x", count: 5000)
      bench.ask()
      #expect(bench.ask().hasPrefix("miss") && files.isEmpty)
      bench.end()
    }

    @Test func `cancelling while the disk is asked sends nothing`() throws {
      let bench = try bench()
      let outcome = bench.bench.fetch("/")
      var isCancelled = false
      bench.bench.reactor.callWhenRunning { [reactor = bench.bench.reactor] in
        reactor.callSoon {
          outcome.cancel()
          isCancelled = true
        }
      }
      bench.bench.run(until: { isCancelled })
      #expect(outcome.error is CancelledError)
      #expect(bench.requests <= 1 && bench.ask().hasPrefix("miss"))
      bench.end()
    }

    @Test func `many at once, on the same URL too`() throws {
      let bench = try bench()
      for _ in 0..<20 { for number in 0..<10 { bench.bench.fetch("/\(number)") } }
      bench.bench.run()
      bench.settle()
      for number in 0..<10 { #expect(bench.ask("/\(number)").hasPrefix("hit")) }
      #expect(files.count == 10 && bench.cache.counts.failures == 0)
      bench.end()
    }
  }
}
