#if HTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// Which origins are asked in HTTP/2 without TLS.
  @Suite struct HTTP2ChoiceTests {
    @Test func `an origin whose server is known to speak HTTP/2 is asked in it, and others are not`() throws {
      let network = MemoryNetwork(seed: 1)
      let server = HTTPServer { .text("\($0.version)") }
      let known = try server.listen(0, interface: "127.0.0.1", on: network.reactor)
      let other = try server.listen(0, interface: "127.0.0.1", on: network.reactor)
      let url = "http://127.0.0.1:\(known.localAddress.port)"
      var configuration = HTTPClient.Configuration()
      // Another spelling of the same address.
      configuration.http2PriorKnowledgeOrigins = ["HTTP://0x7f.1:\(known.localAddress.port)/"]
      let client = HTTPClient(configuration, on: network.reactor)
      func version(_ url: String, _ use: HTTPClient.HTTP2Use? = nil) -> String {
        var request = HTTPClient.Request(url)
        request.http2 = use
        var text = ""
        client.fetch(request) { text = (try? $0.get().text) ?? "\($0)" }
        network.reactor.run(for: .seconds(1))
        return text
      }
      #expect(version(url) == "HTTP/2" && version(url + "/again?x") == "HTTP/2")
      #expect(version("http://127.0.0.1:\(other.localAddress.port)/") == "HTTP/1.1")
      #expect(version(url) == "HTTP/2" && client.counts(for: url).idle == 1)
      // The request has the last word.
      #expect(version(url, .off) == "HTTP/1.1" && version(url, .negotiated) == "HTTP/1.1")
      #expect(version(url) == "HTTP/2")
      client.close()
      known.stop()
      other.stop()
    }

    @Test(arguments: ["127.0.0.1:80", "http://a.test/path", "ftp://a.test"])
    func `what is no origin traps with advice`(text: String) async throws {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [text] in
        var configuration = HTTPClient.Configuration()
        configuration.http2PriorKnowledgeOrigins = [text]
        _ = HTTPClient(configuration, on: Reactor())
      }
      let said = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(said.contains("`http2PriorKnowledgeOrigins` has \"\(text)\", which is no URL of an origin"))
    }
  }
}
#endif
