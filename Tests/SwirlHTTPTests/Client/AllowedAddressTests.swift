import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Synchronization
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// `Configuration.allowsAddress`, with an allowed server and, on another port, a forbidden one.
  @Suite(.inBothVersions) struct AllowedAddressTests {
    private final class Asked: Sendable {
      private let list = Mutex<[String]>([])
      var all: [String] { list.withLock { $0 } }
      func note(_ address: SocketAddress) { list.withLock { $0.append("\(address)") } }
    }

    /// Fetches `/` of the first server, which redirects to `location`; `PORT` in it stands for the second server's
    /// port.
    private func fetch(
      redirect location: String, proxies: (Int) -> ProxySettings = { _ in .none }, lookup: [String: [String]] = [:]
    ) throws -> (outcome: String, asked: [String], port: Int, reached: Int) {
      let bench = try ClientBench()
      let hidden = try RawServer(on: bench.reactor) { $0.answer("secret") }
      let hiddenPort = hidden.port
      bench.server.answer = { request in
        request.answer(
          "", status: "302 Found", fields: "Location: \(location.replacing("PORT", with: "\(hiddenPort)"))\r\n")
      }
      let asked = Asked()
      var configuration = HTTPClient.Configuration()
      configuration.proxies = proxies(bench.server.port)
      configuration.allowsAddress = { address in
        asked.note(address)
        return address.port != hiddenPort && address.family != .unix
      }
      bench.reactor.resolver.lookup = { name in
        .succeed((lookup[name] ?? ["127.0.0.1"]).map { SocketAddress(ip: $0, port: 0)! })
      }
      let client = HTTPClient(configuration.inCurrentVersion, on: bench.reactor)
      var outcome: String?
      client.fetch(HTTPClient.Request("http://good.test:\(bench.server.port)/")) { result in
        switch result {
        case .success(let response): outcome = response.text
        case .failure(let error as HTTPError): outcome = "\(error.code) \(error)"
        case .failure(let error): outcome = "\(error)"
        }
      }
      bench.run(until: { outcome != nil })
      let reached = hidden.accepted
      client.close()
      hidden.listener.stop()
      bench.end()
      return (outcome ?? "", asked.all, hiddenPort, reached)
    }

    @Test(arguments: [
      "127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "%31%32%37.0.0.1", "\u{FF11}27.0.0.1",
      "127\u{3002}0.0.1",
      "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "private.test", "user:pw@127.0.0.1",
    ])
    func `a redirect does not reach an address that is not allowed, however it is written`(host: String) throws {
      let (outcome, asked, port, reached) = try fetch(redirect: "http://\(host):PORT/")
      #expect(outcome.hasPrefix("cannotConnect "), "\(outcome)")
      #expect(outcome.contains("`allowsAddress`"), "\(outcome)")
      #expect(asked.last == "127.0.0.1:\(port)")
      #expect(reached == 0)
    }

    @Test func `each address of a name is asked about, and the allowed ones are tried`() throws {
      let (outcome, asked, port, reached) = try fetch(
        redirect: "http://many.test:PORT/", lookup: ["many.test": ["127.0.0.1", "::1", "::ffff:127.0.0.2"]])
      #expect(outcome.hasPrefix("cannotConnect "), "\(outcome)")
      #expect(asked.suffix(3) == ["127.0.0.1:\(port)", "[::1]:\(port)", "127.0.0.2:\(port)"])
      #expect(reached == 0)
    }

    @Test(.http1Only("a proxy that forwards is asked in HTTP/1.1"))
    func `an address in a URL is asked about before a proxy is, the proxy itself is not`() throws {
      let (outcome, asked, port, reached) = try fetch(
        redirect: "http://0x7f.1:PORT/", proxies: { .all(.http("127.0.0.1", port: $0)) })
      #expect(outcome.hasPrefix("cannotConnect "), "\(outcome)")
      #expect(asked == ["127.0.0.1:\(port)"])
      #expect(reached == 0)
    }

    @Test func `a Unix socket is an address too`() throws {
      let bench = try ClientBench()
      let asked = Asked()
      var configuration = HTTPClient.Configuration()
      configuration.allowsAddress = { address in
        asked.note(address)
        return address.isGlobal
      }
      let client = HTTPClient(configuration.inCurrentVersion, on: bench.reactor)
      var code: HTTPError.Code?
      client.fetch(HTTPClient.Request("http+unix://%2Frun%2Fno.sock/")) { result in
        if case .failure(let error as HTTPError) = result { code = error.code }
      }
      bench.run(until: { code != nil })
      #expect(code == .cannotConnect && asked.all == ["/run/no.sock"])
      client.close()
      bench.end()
    }

    @Test func `what is not allowed is not tried again`() throws {
      let bench = try ClientBench()
      let asked = Asked()
      var configuration = HTTPClient.Configuration()
      configuration.allowsAddress = { address in
        asked.note(address)
        return false
      }
      let client = HTTPClient(configuration.inCurrentVersion, on: bench.reactor)
      client.intercept(.retry())
      var code: HTTPError.Code?
      client.fetch(HTTPClient.Request(bench.server.url)) { result in
        if case .failure(let error as HTTPError) = result { code = error.code }
      }
      bench.run(until: { code != nil })
      #expect(code == .cannotConnect && asked.all.count == 1 && bench.server.accepted == 0)
      client.close()
      bench.end()
    }
  }
}
