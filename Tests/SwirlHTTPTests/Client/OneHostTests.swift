import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// What belongs to the URL's host, whatever its spelling and whatever Host a request has.
  @Suite(.inBothVersions) struct OneHostTests {
    /// The URL standard's host parser: the spellings of one address are one host.
    @Test func `the spellings of an address share connection, cookies and cache`() throws {
      let bench = try ClientBench { request in
        request.answer("hello", fields: "Cache-Control: max-age=60\r\nSet-Cookie: a=b; Path=/\r\n")
      }
      bench.client.cookies = CookieJar()
      let port = bench.server.port
      for (index, host) in ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "0177.0.0.1"].enumerated() {
        bench.fetch("http://\(host):\(port)/\(index)")
        bench.run()
      }
      #expect(bench.server.accepted == 1)
      #expect(bench.server.requests.dropFirst().allSatisfy { $0.values("cookie") == ["a=b"] })
      #expect(bench.server.requests.count == 5)
      bench.client.intercept(HTTPCache())
      for host in ["127.0.0.1", "0x7f.1", "2130706433"] {
        bench.fetch("http://\(host):\(port)/cached")
        bench.run()
      }
      #expect(bench.server.targets.filter { $0 == "/cached" }.count == 1)
      bench.end()
    }

    /// RFC 9110 §4.3.4: the certificate is for the host of the URL, and so is the name in the handshake.
    @Test(arguments: [("127.0.0.1", true), ("other.test", false)])
    func `a Host of the program's own changes neither the certificate nor the cookies`(name: String, isRight: Bool)
      throws
    {
      let authority = TestAuthority()
      let reactor = Reactor()
      var hosts: [String?] = []
      let server = HTTPServer { request in
        hosts.append(request["host"])
        return .text("hello").with(.setCookie, "a=b")
      }
      let listener = try server.listen(0, tls: .server(authority.identity(for: name)), on: reactor)
      var configuration = HTTPClient.Configuration()
      configuration.tls.roots = [authority.root]
      let client = HTTPClient(configuration.inCurrentVersionOverTLS, on: reactor)
      client.cookies = CookieJar()
      let url = "https://127.0.0.1:\(listener.localAddress.port)/"
      do {
        let request = HTTPClient.Request(url, headers: [.init("Host")!: "other.test"])
        let response = try reactor.result(of: client.fetch(request))
        #expect(isRight && response.text == "hello" && hosts == ["other.test"])
        #expect(client.cookies?["a", for: url]?.value == "b")
        #expect(client.cookies?.cookies.count == 1)
      } catch {
        #expect(!isRight && (error as? HTTPError)?.network?.certificate == .wrongHost)
      }
      client.close()
      reactor.callSoon { reactor.stop() }
      reactor.run()
    }

    @Test(.http1Only("nothing is sent"))
    func `a Host in the fields of a configuration traps with advice`() async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        var configuration = HTTPClient.Configuration()
        configuration.headers[.init("Host")!] = "a.test"
        _ = HTTPClient(configuration, on: Reactor())
      }
      let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(said.contains("the configuration's headers have a Host"))
    }

    /// A Location with credentials: they are sent where it points, and stand in nothing that is kept or written.
    @Test func `the credentials of a Location are in no log, no cache and no other request`() throws {
      let lines = LogLines()
      let bench = try ClientBench { request in
        if request.target == "/old" {
          let port = request.values("host")[0].split(separator: ":").last!
          return request.answer(
            "", status: "302 Found",
            fields: "Location: http://user:s3cret@127.0.0.1:\(port)/new\r\nCache-Control: max-age=60\r\n")
        }
        request.answer("hello", fields: "Cache-Control: max-age=60\r\n")
      }
      let store = HTTPCache()
      bench.client.intercept(store)
      bench.client.intercept(.log(to: lines.logger()))
      let first = bench.fetch("/old")
      bench.run()
      #expect(first.response?.text == "hello")
      #expect(!"\(first.response as Any)".contains("s3cret"))
      #expect(first.response?.history.contains { "\($0)".contains("s3cret") } == false)
      #expect(!lines.all.joined().contains("s3cret"))
      // RFC 9111 §3.5: an answer to a request with credentials is not for a request without.
      let second = bench.fetch("/new")
      bench.run()
      #expect(second.response?.cacheOutcome == .miss)
      bench.end()
    }
  }
}
