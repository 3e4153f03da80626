import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct HTTPCacheTests {
    @Test(arguments: Outcome.Form.allCases)
    func `what is fresh is not asked for again, and says how old it is`(_ form: Outcome.Form) throws {
      let bench = try CacheBench()
      #expect(bench.ask() == "miss 200 1")
      bench.time += 59
      let outcome = bench.bench.fetch("/", form)
      bench.bench.run()
      #expect("\(outcome)" == "200 1" && outcome.response?["age"] == "59")
      #expect(outcome.response?.cacheOutcome == .hit && outcome.response?.url == bench.bench.server.url + "/")
      bench.time += 1
      #expect(bench.ask() == "miss 200 2")
      #expect(bench.requests == 2 && bench.cache.counts.hits == 1 && bench.cache.counts.misses == 2)
      bench.end()
    }

    @Test func `without a cache a response says nothing of one, and what passes by neither`() throws {
      let plain = try ClientBench()
      let outcome = plain.fetch("/")
      plain.run()
      #expect(outcome.response?.cacheOutcome == nil)
      plain.end()
      let bench = try CacheBench()
      #expect(bench.ask(headers: [.range: "bytes=0-1"]) == "200 1")
      #expect(bench.ask("/", "no-store") == "200 2")
      #expect(bench.ask(method: .options) == "200 3")
      #expect(bench.ask("nonsense") == "invalidURL")
      #expect(bench.ask("/") == "miss 200 4", "nothing was kept of them")
      bench.end()
    }

    @Test func `the fragment makes no difference, the query does`() throws {
      let bench = try CacheBench()
      #expect(bench.ask("/#a") == "miss 200 1")
      #expect(bench.ask("/#b") == "hit 200 1")
      #expect(bench.ask("/?a") == "miss 200 2")
      bench.end()
    }

    /// RFC 9112 §6.1, §6.3.
    @Test(
      .http1Only("content that ends with the connection"),
      arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 1", "HTTP/1.0 200 OK"])
    func `an answer whose fields leave a doubt where it ends is not kept`(head: String) throws {
      let bench = try CacheBench { bench, request in
        request.connection.send(
          head
            + "\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\(bench.requests)\r\n0\r\n\r\n")
      }
      #expect(bench.ask() == "miss 200 1")
      #expect(bench.ask() == "miss 200 2")
      bench.end()
    }

    @Test(.http1Only("irregular heads")) func `an irregular head is kept as it was understood`() throws {
      let bench = try CacheBench { bench, request in
        request.connection.send(
          "HTTP/1.1 200 OK\nCache-Control: public,\n max-age=60\nX-A: \u{1}b\nContent-Length: 1\n\n\(bench.requests)")
      }
      #expect(bench.ask() == "miss 200 1")
      let kept = bench.response()
      #expect("\(kept)" == "hit 200 1" && kept.response?["x-a"] == "\u{1}b")
      #expect(kept.response?["cache-control"] == "public, max-age=60")
      bench.end()
    }

    @Test func `content in a coding that is not known is kept as it came, and says so`() throws {
      let bench = try CacheBench()
      bench.fields = "Cache-Control: max-age=60\nContent-Encoding: what"
      #expect(bench.ask() == "miss 200 1")
      let kept = bench.response()
      #expect("\(kept)" == "hit 200 1" && kept.response?.contentCodings == ["what"])
      bench.end()
    }

    // MARK: - Validation

    @Test(.http1Only("a field with a control character"))
    func `a tag goes back byte for byte, and one with a control character not at all`() throws {
      let tag = [0x22, 0xE9, 0x22] as [UInt8]
      var sent = tag
      let bench = try CacheBench { bench, request in
        let question = Array("If-None-Match: ".utf8) + tag + [0x0D]
        let status = request.headBytes.firstRange(of: question) == nil ? "200 OK" : "304 Same"
        request.connection.send(
          Array("HTTP/1.1 \(status)\r\nCache-Control: no-cache\r\nETag: ".utf8) + sent
            + Array("\r\n\(status == "200 OK" ? "Content-Length: 1\r\n\r\n\(bench.requests)" : "\r\n")".utf8))
      }
      #expect(bench.ask() == "miss 200 1")
      #expect(bench.ask() == "revalidated 200 1")
      // Another tag, which equals the first if both are repaired to U+FFFD.
      sent = [0x22, 0xE8, 0x22]
      #expect(bench.ask() == "miss 200 4", "a 304 about something else says nothing")
      sent = [0x22, 1, 0x22]
      #expect(bench.ask() == "miss 200 5")
      #expect(bench.ask() == "miss 200 6")
      #expect(bench.bench.server.requests.last?.values("if-none-match") == [])
      bench.end()
    }

    @Test func `what a method has changed is found by the bytes of its Location`() throws {
      let bench = try CacheBench { bench, request in
        let location = request.method == "POST" ? Array("Location: /caf".utf8) + [0xE9, 0x0D, 0x0A] : []
        request.connection.send(
          Array("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n".utf8) + location
            + Array("\r\n\(bench.requests)".utf8))
      }
      #expect(bench.ask("/caf%E9") == "miss 200 1")
      #expect(bench.ask("/caf%E9") == "hit 200 1")
      bench.ask("/", method: .post)
      #expect(bench.ask("/caf%E9") == "miss 200 3")
      bench.end()
    }

    @Test func `the fields that an answer varies by are compared byte by byte`() throws {
      let bench = try CacheBench()
      bench.fields = "Cache-Control: max-age=60\nVary: X-Who"
      for (byte, expected) in [(0xE9, "miss 200 1"), (0xE8, "miss 200 2"), (0xE9, "hit 200 1")] as [(UInt8, String)] {
        var headers = HTTPFields()
        headers.append(HTTPField(name: HTTPField.Name("X-Who")!, value: [byte]))
        #expect(bench.ask(headers: headers) == expected)
      }
      bench.end()
    }

    @Test func `what has expired is asked about by its tag, and is good again`() throws {
      let bench = try CacheBench()
      bench.tag = "\"a\""
      bench.fields = "Cache-Control: max-age=60\nX-Version: 1"
      #expect(bench.ask() == "miss 200 1")
      bench.time += 100
      bench.fields = "Cache-Control: max-age=600\nX-Version: 2"
      let answer = bench.response()
      #expect("\(answer)" == "revalidated 200 1" && answer.response?["x-version"] == "2")
      #expect(bench.bench.server.requests.last?.values("if-none-match") == ["\"a\""])
      bench.time += 599
      #expect(bench.ask() == "hit 200 1")
      bench.tag = "\"b\""
      bench.time += 1
      #expect(bench.ask() == "miss 200 3")
      #expect(bench.ask() == "hit 200 3")
      bench.end()
    }

    @Test func `without a tag it is asked about by its date`() throws {
      let date = "Sun, 09 Sep 2001 00:00:00 GMT"
      let bench = try CacheBench { bench, request in
        if request.values("if-modified-since") == [date] {
          request.connection.send("HTTP/1.1 304 Same\r\n\r\n")
        } else {
          request.answer("x", fields: "Cache-Control: no-cache\r\nLast-Modified: \(date)\r\n")
        }
      }
      #expect(bench.ask() == "miss 200 x")
      #expect(bench.ask() == "revalidated 200 x")
      bench.end()
    }

    @Test func `a request that wants no cache, or nothing so old, asks`() throws {
      let bench = try CacheBench()
      bench.tag = "\"a\""
      bench.ask()
      bench.time += 10
      #expect(bench.ask("/", "no-cache") == "revalidated 200 1")
      bench.time += 10
      #expect(bench.ask("/", "max-age=9") == "revalidated 200 1")
      #expect(bench.ask("/", "max-age=9") == "hit 200 1")
      #expect(bench.ask("/", "min-fresh=61") == "revalidated 200 1")
      bench.time += 70
      #expect(bench.ask("/", "max-stale=10") == "stale 200 1")
      #expect(bench.ask("/", "max-stale=9") == "revalidated 200 1")
      bench.end()
    }

    @Test func `a 304 about something else is not believed`() throws {
      let bench = try CacheBench { bench, request in
        if request.values("if-none-match").isEmpty {
          request.answer("\(bench.requests)", fields: "Cache-Control: no-cache\r\nETag: W/\"a\"\r\n")
        } else {
          request.connection.send("HTTP/1.1 304 Same\r\nETag: \"b\"\r\n\r\n")
        }
      }
      bench.ask()
      #expect(bench.ask() == "miss 200 3")
      bench.end()
    }

    @Test func `a 304 that was not asked for is given as it is, and keeps nothing`() throws {
      let bench = try CacheBench { _, request in
        request.connection.send("HTTP/1.1 304 Same\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\n\r\n")
      }
      #expect(bench.ask() == "miss 304 ")
      #expect(bench.ask() == "miss 304 ")
      bench.end()
    }

    @Test func `a program that asks whether something changed gets the server's answer, which is kept if whole`() throws
    {
      let bench = try CacheBench()
      bench.tag = "\"a\""
      bench.ask()
      #expect(bench.ask(headers: [.ifNoneMatch: "\"a\""]) == "miss 304 ")
      #expect(bench.ask() == "hit 200 1")
      #expect(bench.ask(headers: [.ifNoneMatch: "\"z\""]) == "miss 200 3")
      #expect(bench.ask() == "hit 200 3")
      bench.end()
    }

    @Test func `an entry that may no longer be kept is removed`() throws {
      let bench = try CacheBench()
      bench.tag = "\"a\""
      bench.ask()
      bench.time += 100
      bench.fields = "Cache-Control: no-store"
      #expect(bench.ask() == "revalidated 200 1")
      #expect(bench.ask() == "miss 200 3")
      bench.fields = "Cache-Control: max-age=60, stale-if-error=1000"
      bench.ask()
      bench.time += 100
      (bench.tag, bench.fields) = (nil, "Cache-Control: no-store")
      #expect(bench.ask() == "miss 200 5")
      bench.status = "500 Oops"
      #expect(bench.ask() == "miss 500 6", "the old one is gone")
      bench.end()
    }

    @Test func `only what is there, or 504`() throws {
      let bench = try CacheBench()
      #expect(bench.ask("/", "only-if-cached") == "miss 504 ")
      bench.ask()
      #expect(bench.ask("/", "only-if-cached") == "hit 200 1")
      bench.time += 100
      #expect(bench.ask("/", "only-if-cached") == "miss 504 ")
      #expect(bench.ask("/", "only-if-cached, max-stale") == "stale 200 1")
      #expect(bench.ask("/", "only-if-cached, no-cache") == "miss 504 ")
      #expect(bench.requests == 1)
      bench.end()
    }

    // MARK: - HEAD

    @Test func `HEAD is answered with what GET got, not the other way round`() throws {
      let bench = try CacheBench()
      #expect(bench.ask(method: .head) == "miss 200 ")
      #expect(bench.ask(method: .head) == "hit 200 ")
      #expect(bench.ask() == "miss 200 2")
      bench.cache.removeAll()
      bench.ask()
      #expect(bench.ask(method: .head) == "hit 200 ")
      #expect(bench.ask() == "hit 200 3")
      bench.end()
    }

    @Test func `HEAD brings what GET got up to date, or shows that it is old`() throws {
      let bench = try CacheBench { bench, request in
        request.answer(bench.text!, fields: "Cache-Control: max-age=60\r\nETag: \(bench.tag!)\r\n")
      }
      (bench.tag, bench.text) = ("\"a\"", "1")
      bench.ask()
      bench.time += 50
      #expect(bench.ask("/", "no-cache", method: .head) == "miss 200 ")
      bench.time += 50
      #expect(bench.ask() == "hit 200 1")
      (bench.tag, bench.text) = ("\"b\"", "2")
      bench.ask("/", "no-cache", method: .head)
      #expect(bench.ask() == "miss 200 2")
      bench.end()
    }

    // MARK: - Vary

    @Test func `each variant has its place`() throws {
      let bench = try CacheBench { bench, request in
        request.answer(
          request.values("accept-language").joined(),
          fields: "Cache-Control: max-age=60\r\nVary: accept-LANGUAGE, X\r\n")
      }
      for language in ["de", "fr"] {
        #expect(bench.ask(headers: [.acceptLanguage: language]) == "miss 200 \(language)")
      }
      for language in ["de", "fr"] {
        #expect(bench.ask(headers: [.acceptLanguage: language]) == "hit 200 \(language)")
      }
      #expect(bench.ask() == "miss 200 ")
      #expect(bench.ask(headers: [.acceptLanguage: "", HTTPField.Name("X")!: ""]) == "miss 200 ", "empty is not none")
      for number in 0..<100 { bench.ask(headers: [.acceptLanguage: "\(number)"]) }
      #expect(bench.ask(headers: [.acceptLanguage: "99"]) == "hit 200 99")
      #expect(bench.ask(headers: [.acceptLanguage: "1"]) == "miss 200 1", "not all of a hundred are kept")
      bench.end()
    }

    @Test func `what the client adds itself counts, too`() throws {
      let bench = try CacheBench()
      let jar = CookieJar()
      bench.bench.client.cookies = jar
      bench.fields = "Cache-Control: max-age=60\nVary: Cookie, User-Agent"
      #expect(bench.ask() == "miss 200 1")
      #expect(bench.ask() == "hit 200 1")
      jar.store(setCookie: "id=7", from: bench.bench.server.url)
      #expect(bench.ask() == "miss 200 2")
      #expect(bench.ask() == "hit 200 2")
      jar.removeAll()
      #expect(bench.ask() == "hit 200 1")
      bench.end()
    }

    @Test func `a response to credentials is not given to other requests`() throws {
      let bench = try CacheBench()
      var request = HTTPClient.Request(bench.bench.server.url + "/")
      func ask(_ who: HTTPClient.Authentication?) -> String {
        request.authentication = who
        let outcome = bench.bench.fetch(request)
        bench.bench.run()
        return "\(outcome.response!.cacheOutcome!) \(outcome)"
      }
      #expect(ask(.bearer("a")) == "miss 200 1" && ask(.bearer("a")) == "hit 200 1")
      #expect(ask(.bearer("b")) == "miss 200 2" && ask(.basic("b", "c")) == "miss 200 3")
      #expect(ask(.digest("b", "c")) == "miss 200 4" && ask(.digest("b", "c")) == "hit 200 4")
      #expect(ask(nil) == "miss 200 5" && ask(.bearer("a")) == "hit 200 1")
      #expect(bench.ask(headers: [.authorization: "Bearer a"]) == "hit 200 1")
      bench.end()
    }

    // MARK: - Invalidation

    @Test(
      .http1Only("content behind a 204"),
      arguments: [
        (HTTPRequest.Method.post, "200 OK", true), (.put, "204 Done", true), (.delete, "200 OK", true),
        (.post, "303 See", true), (.post, "500 Oops", false), (.post, "404 No", false), (.options, "200 OK", false),
      ])
    func `a method that may change something makes what is kept worthless`(
      method: HTTPRequest.Method, status: String, isGone: Bool
    ) throws {
      let bench = try CacheBench()
      for target in ["/", "/named", "/other"] { bench.ask(target) }
      bench.status = status
      bench.fields = "Content-Location: /named"
      bench.ask(method: method)
      (bench.status, bench.fields) = ("200 OK", "Cache-Control: max-age=60")
      #expect(bench.ask("/") == (isGone ? "miss 200 5" : "hit 200 1"))
      #expect(bench.ask("/named") == (isGone ? "miss 200 6" : "hit 200 2"))
      #expect(bench.ask("/other") == "hit 200 3")
      bench.end()
    }

    @Test func `what another server says of this one is not believed`() throws {
      let bench = try CacheBench()
      bench.ask()
      // Another server on the same machine, whose response names a URL of the first server in the same cache.
      let other = try RawServer(on: bench.bench.reactor) { request in
        request.answer(
          "x", status: "201 Made", fields: "Location: \(bench.bench.server.url)/\r\nContent-Location: //[::1]\r\n")
      }
      bench.ask("\(other.url)/", method: .post)
      #expect(bench.ask() == "hit 200 1")
      bench.end()
      other.listener.stop()
    }

    @Test(.http1Only("the connections are counted"))
    func `an answer that was under way when something changed is not kept`() throws {
      var slow: RawRequest?
      let bench = try CacheBench { bench, request in
        if request.method == "GET", slow == nil { slow = request } else { bench.reply(request) }
      }
      let old = bench.bench.fetch("/")
      bench.bench.run(until: { slow != nil })
      bench.bench.fetch("/", method: .post)
      bench.bench.run(until: { bench.requests == 2 && bench.bench.client.counts.idle == 1 })
      slow?.answer("old", fields: "Cache-Control: max-age=60\r\n")
      bench.bench.run()
      #expect("\(old)" == "200 old")
      #expect(bench.ask() == "miss 200 3")
      bench.end()
    }

    // MARK: - Stale

    @Test func `behind a stale answer it is asked for again, once`() throws {
      var held: [RawRequest] = []
      let bench = try CacheBench { bench, request in
        if bench.requests > 1 { held.append(request) } else { bench.reply(request) }
      }
      bench.fields = "Cache-Control: max-age=60, stale-while-revalidate=100"
      bench.ask()
      bench.time += 100
      #expect(bench.ask() == "stale 200 1")
      #expect(bench.ask() == "stale 200 1")
      bench.bench.run(until: { held.count == 1 })
      held[0].answer("new", fields: "Cache-Control: max-age=60\r\n")
      bench.bench.run(until: { bench.cache.counts.stores == 2 })
      #expect(bench.ask() == "hit 200 new")
      #expect(bench.requests == 2 && bench.cache.counts.stale == 2)
      bench.end()
    }

    @Test(arguments: ["500 Oops", "closes"])
    func `a failure behind a stale answer is tried again, and not reported`(_ failure: String) throws {
      let bench = try CacheBench { bench, request in
        if bench.status == "closes" { request.connection.close() } else { bench.reply(request) }
      }
      bench.fields = "Cache-Control: max-age=60, stale-while-revalidate=100"
      bench.ask()
      bench.time += 100
      (bench.status, bench.fields) = (failure, "")
      for _ in 0..<2 {
        #expect(bench.ask() == "stale 200 1")
        bench.bench.run(until: { bench.cache.background.isEmpty })
      }
      (bench.status, bench.fields, bench.text) = ("200 OK", "Cache-Control: max-age=60", "new")
      #expect(bench.ask() == "stale 200 1")
      bench.bench.run(until: { bench.cache.background.isEmpty })
      #expect(bench.ask() == "hit 200 new")
      bench.end()
    }

    @Test(arguments: ["500 Oops", "502 Bad", "503 Later", "504 Late", "closes"])
    func `an error is worse than what is a little old, where the server says so`(_ error: String) throws {
      let bench = try CacheBench { bench, request in
        if bench.status == "closes" { request.connection.close() } else { bench.reply(request) }
      }
      bench.fields = "Cache-Control: max-age=60, stale-if-error=100"
      bench.ask()
      bench.time += 100
      bench.status = error
      #expect(bench.ask() == "stale 200 1")
      #expect(!bench.ask("/", "no-cache").contains("200"))
      bench.time += 100
      #expect(!bench.ask().contains("200"))
      bench.end()
    }

    @Test func `a 404 is no such error, and replaces what was there`() throws {
      let bench = try CacheBench()
      bench.fields = "Cache-Control: max-age=60, stale-if-error=100"
      bench.ask()
      bench.time += 100
      bench.status = "404 No"
      #expect(bench.ask() == "miss 404 2")
      #expect(bench.ask() == "hit 404 2")
      bench.end()
    }

    @Test(arguments: Outcome.Form.allCases)
    func `cancelling the question keeps what there is, and no stale answer takes its place`(_ form: Outcome.Form) throws
    {
      var held: RawRequest?
      let bench = try CacheBench { bench, request in
        if bench.requests == 2 { held = request } else { bench.reply(request) }
      }
      bench.tag = "\"a\""
      bench.fields = "Cache-Control: max-age=60, stale-if-error=1000"
      bench.ask()
      bench.time += 100
      let outcome = bench.bench.fetch("/", form)
      bench.bench.run(until: { held != nil })
      outcome.cancel()
      bench.bench.run()
      #expect(outcome.error is CancelledError && outcome.count == 1)
      #expect(bench.ask() == "revalidated 200 1")
      bench.end()
    }

    // MARK: - Bodies

    @Test(
      .http1Only("content that ends with the connection"),
      arguments: [
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nwho knows",
        "HTTP/1.1 206 Part\r\nCache-Control: max-age=60\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\nhalf",
      ])
    func `what is not whole, or may not be, is not kept`(_ answer: String) throws {
      let bench = try CacheBench { _, request in request.connection.close(after: answer) }
      bench.ask()
      #expect(!bench.ask().contains("hit"))
      #expect(bench.cache.counts.stores == 0)
      bench.end()
    }

    @Test func `chunks are kept as content`() throws {
      let bench = try CacheBench { _, request in
        request.connection.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")
      }
      bench.ask()
      let answer = bench.response()
      #expect("\(answer)" == "hit 200 body" && answer.response?["transfer-encoding"] == nil)
      bench.end()
    }

    @Test func `content that was decoded is for those who want it so`() throws {
      // "hello" as gzip stores it.
      let packed: [UInt8] = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 7, 0, 0x86, 0xA6, 0x10, 0x36, 5, 0, 0, 0,
      ]
      let bench = try CacheBench { _, request in
        request.connection.send(
          "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n")
        request.connection.send(packed)
      }
      var request = HTTPClient.Request(bench.bench.server.url)
      func ask(decoding: Bool?) -> [UInt8]? {
        request.decodesContent = decoding
        let outcome = bench.bench.fetch(request)
        bench.bench.run()
        return outcome.response?.body
      }
      for _ in 0..<2 {
        #expect(ask(decoding: false) == packed)
        #expect(ask(decoding: nil) == Array("hello".utf8))
      }
      #expect("\(bench.requests) \(bench.cache.counts.hits)" == "2 2")
      bench.end()
    }

    // MARK: - Redirects

    @Test func `each step of a redirect is kept by itself`() throws {
      let bench = try CacheBench { bench, request in
        if request.target == "/old" {
          request.answer("", status: "301 Moved", fields: "Location: /new\r\nCache-Control: max-age=600\r\n")
        } else {
          bench.reply(request)
        }
      }
      let first = bench.response("/old")
      #expect("\(first)" == "miss 200 2" && first.response?.history.map(\.status.code) == [301])
      #expect(first.response?.url == bench.bench.server.url + "/new")
      #expect(bench.ask("/new") == "hit 200 2")
      bench.time += 100
      #expect(bench.ask("/old") == "miss 200 3")
      #expect(bench.bench.server.targets == ["/old", "/new", "/new"])
      bench.end()
    }

    @Test func `redirects are followed as without a cache`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.redirects = .follow(3)
      let bench = try CacheBench(configuration: configuration) { bench, request in
        request.answer("", status: "302 Found", fields: "Location: \(request.target)x\r\n")
      }
      let answer = bench.response("/")
      #expect(answer.outcome.httpError?.code == .redirect)
      #expect(answer.outcome.httpError?.reason.contains("on the way from") == true)
      var request = HTTPClient.Request(bench.bench.server.url)
      request.redirects = HTTPClient.Redirects.none
      let none = bench.bench.fetch(request)
      bench.bench.run()
      #expect(none.response?.status == 302 && none.response?.history.isEmpty == true)
      bench.end()
    }

    // MARK: - Room

    @Test func `what was used last is kept longest`() throws {
      let cache = HTTPCache(memory: 10_000)
      let bench = try CacheBench(cache)
      bench.text = String(repeating: "x", count: 3000)
      for target in ["/a", "/b", "/c", "/a", "/d"] { bench.ask(target) }
      #expect(cache.counts.evictions == 1)
      #expect(bench.ask("/a").hasPrefix("hit") && bench.ask("/c").hasPrefix("hit") && bench.ask("/d").hasPrefix("hit"))
      #expect(bench.ask("/b").hasPrefix("miss"))
      #expect((cache.store as? MemoryCacheStore)?.size ?? .max <= 10_000)
      bench.end()
    }

    @Test func `what is larger than the whole cache is not kept, and takes nothing's place`() throws {
      let cache = HTTPCache(memory: 10_000)
      let bench = try CacheBench(cache)
      bench.ask("/small")
      bench.text = String(repeating: "x", count: 20_000)
      bench.ask("/large")
      #expect(bench.ask("/large").hasPrefix("miss") && bench.ask("/small") == "hit 200 1")
      #expect(cache.counts.stores == 1)
      bench.end()
    }

    @Test func `a cache of nothing keeps nothing`() throws {
      let bench = try CacheBench(HTTPCache(memory: 0))
      #expect(bench.ask() == "miss 200 1" && bench.ask() == "miss 200 2")
      bench.end()
    }

    @Test func `a removed entry is not found`() throws {
      let bench = try CacheBench()
      bench.ask("/a")
      bench.ask("/b")
      bench.cache.remove(bench.bench.server.url + "/a#x")
      bench.cache.remove("nonsense")
      #expect(bench.ask("/a") == "miss 200 3" && bench.ask("/b") == "hit 200 2")
      bench.cache.removeAll()
      #expect(bench.ask("/b") == "miss 200 4")
      bench.end()
    }

    @Test func `many at once each get theirs`() throws {
      let bench = try CacheBench()
      for round in 0..<3 {
        for number in 0..<50 { bench.bench.fetch("/\(number)", timeout: .seconds(round + 60)) }
        bench.bench.run()
      }
      #expect(bench.requests == 50 && bench.cache.counts.hits == 100)
      bench.end()
    }
  }
}
