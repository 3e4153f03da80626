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
  @Suite(.inBothVersions) struct HTTPSTests {
    let authority = TestAuthority()

    /// Runs `body` with a client and a server of `https`, until `body` calls its argument.
    private func withServer(
      _ identity: TLSConfiguration.Identity? = nil, _ configure: (inout HTTPClient.Configuration) -> Void = { _ in },
      _ body: (HTTPClient, _ url: String, _ done: @escaping () -> Void) -> Void
    ) throws {
      let reactor = Reactor()
      let server = HTTPServer { request in .text("hello \(request.path)") }
      let listener = try server.listen(
        0, tls: .server(identity ?? authority.identity(for: "127.0.0.1", "example.test")), on: reactor)
      var configuration = HTTPClient.Configuration()
      configuration.tls.roots = [authority.root]
      configure(&configuration)
      let client = HTTPClient(configuration, on: reactor)
      let guardCall = reactor.callLater(ClientBench.guardTime) {
        Issue.record("it hangs")
        reactor.crash()
      }
      body(client, "https://127.0.0.1:\(listener.localAddress.port)") { reactor.stop() }
      reactor.run()
      guardCall.cancel()
      client.close()
      reactor.callSoon { reactor.stop() }
      reactor.run()
    }

    @Test func `every form of fetch speaks https, and a connection is kept`() throws {
      var texts: [String] = []
      try withServer { client, url, done in
        client.fetch(HTTPClient.Request("\(url)/callback")) { result in
          texts.append(try result.get().text)
          let deferred: Deferred = client.fetch(HTTPClient.Request("\(url)/deferred"))
          deferred.addCallback { response -> Deferred<Void> in
            texts.append(response.text)
            return Deferred {
              texts.append(try await client.fetch(HTTPClient.Request("\(url)/awaited")).text)
              let streamed = try await client.stream(HTTPClient.Request("\(url)/streamed")).value
              var text = ""
              for try await bytes in streamed.body { text += String(decoding: bytes, as: UTF8.self) }
              texts.append(text)
            }
          }.addBoth { result in
            if case .failure(let error) = result { texts.append("\(error)") }
            #expect(client.connections == 1)
            done()
          }
        }
      }
      #expect(texts == ["/callback", "/deferred", "/awaited", "/streamed"].map { "hello \($0)" })
    }

    @Test func `a certificate that is refused is an error that names the URL and says why`() throws {
      let others = TestAuthority("Other Root")
      let cases: [(TLSConfiguration.Identity, CertificateProblem)] = [
        (authority.identity(for: "127.0.0.1", validity: .over), .expired),
        (authority.identity(for: "other.test"), .wrongHost), (others.selfSigned(), .selfSigned),
        (others.identity(for: "127.0.0.1"), .unknownAuthority),
        (authority.intermediate().identity(for: "127.0.0.1", isChainWhole: false), .unknownAuthority),
        (authority.identity(for: "127.0.0.1", isRevoked: true), .revoked),
      ]
      for (identity, problem) in cases {
        var error: HTTPError?
        try withServer(identity) { client, url, done in
          client.fetch(HTTPClient.Request("\(url)/")) { result in
            if case .failure(let failure) = result { error = failure as? HTTPError }
            #expect(client.connections == 0)
            done()
          }
        }
        #expect(error?.code == .cannotConnect && error?.network?.certificate == problem)
        #expect(error?.description.hasPrefix("GET https://127.0.0.1:") == true)
      }
    }

    @Test func `a client without other trust accepts a pinned key only`() throws {
      let identity = authority.identity(for: "127.0.0.1")
      for (pin, isTaken) in [
        (authority.pin(of: identity), true), (authority.pin(of: authority.identity(for: "x")), false),
      ] {
        var outcome: Result<HTTPClient.Response, any Error>?
        try withServer(identity) {
          $0.tls.pinnedPublicKeys = [pin]
        } _: { client, url, done in
          client.fetch(HTTPClient.Request(url)) { result in
            outcome = result
            done()
          }
        }
        let wasTaken = (try? outcome?.get()) != nil
        #expect(wasTaken == isTaken)
      }
    }

    @Test(.http1Only("a server without TLS is asked in it"))
    func `a redirect from https to http is followed only where that is allowed`() throws {
      let plain = try ClientBench()
      let reactor = plain.reactor
      let server = HTTPServer { _ in .redirect(to: plain.server.url) }
      let listener = try server.listen(0, tls: .server(authority.identity(for: "127.0.0.1")), on: reactor)
      var configuration = HTTPClient.Configuration()
      configuration.tls.roots = [authority.root]
      let client = HTTPClient(configuration, on: reactor)
      var request = HTTPClient.Request("https://\(listener.localAddress)/")
      var outcomes: [String] = []
      func note(_ result: Result<HTTPClient.Response, any Error>) {
        switch result {
        case .success(let response): outcomes.append("\(response.text) \(response.history.count)")
        case .failure(let error): outcomes.append((error as? HTTPError)?.code.description ?? "\(error)")
        }
      }
      client.fetch(request) { result in
        note(result)
        request.redirects = .follow(allowingDowngrade: true)
        client.fetch(request) { note($0) }
      }
      plain.run(until: { outcomes.count == 2 })
      #expect(outcomes == ["redirect", "hello 1"])
      client.close()
      plain.end()
    }

    @Test func `an answer without a length that is cut short is not taken for the whole`() throws {
      let reactor = Reactor()
      // A TLS server whose response has no length, and whose connection is cut.
      let listener = try reactor.listenTCP(0, tls: .server(authority.identity(for: "127.0.0.1"))) { _ in Cutter() }
      var configuration = HTTPClient.Configuration()
      configuration.tls.roots = [authority.root]
      let client = HTTPClient(configuration, on: reactor)
      var error: HTTPError?
      var text: String?
      client.fetch(HTTPClient.Request("https://\(listener.localAddress)/")) { result in
        switch result {
        case .success(let response): text = response.text
        case .failure(let failure): error = failure as? HTTPError
        }
        reactor.stop()
      }
      reactor.callLater(ClientBench.guardTime) { reactor.crash() }
      reactor.run()
      #expect(text == nil && error?.code == .connectionLost)
      listener.stop()
      client.close()
      reactor.callSoon { reactor.stop() }
      reactor.run()
    }
  }
}

/// Sends half a response, and cuts the connection.
private final class Cutter: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {
    transport?.write("HTTP/1.1 200 OK\r\n\r\nhalf")
    transport?.abort()
    transport = nil
  }
}
