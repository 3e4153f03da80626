import Foundation
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer
@testable import SwirlNet
@testable import SwirlTLS

/// A certificate and its key in files that the test renews.
final class IdentityFiles {
  private let folder: URL
  private var chain: String { folder.appendingPathComponent("chain.pem").path }
  private var key: String { folder.appendingPathComponent("key.pem").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("swirl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var identity: TLSConfiguration.Identity { .init(chain: .file(chain), privateKey: .file(key)) }

  /// Overwrites the files in place.
  func write(_ identity: TLSConfiguration.Identity) throws {
    for (pem, path) in [(identity.chain, chain), (identity.privateKey, key)] {
      guard case .text(let text) = pem.place else { preconditionFailure("a test makes its identities in memory") }
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }
  }

  func replaceChainByFIFO() throws {
    try FileManager.default.removeItem(atPath: chain)
    try #require(mkfifo(chain, 0o600) == 0)
  }

  func spoil() throws { try Data("junk".utf8).write(to: URL(fileURLWithPath: chain)) }
}

@Suite(.serialized) struct ServerTLSTests {
  let authority = TestAuthority()

  private func client(
    on reactor: Reactor, _ change: (inout TLSConfiguration) -> Void = { _ in }
  ) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    change(&configuration.tls)
    return HTTPClient(configuration, on: reactor)
  }

  /// Runs a reactor until the Deferred of `body` has fired.
  private func withReactor(_ body: (Reactor) throws -> Deferred<Void>) throws {
    let reactor = Reactor()
    let limit = reactor.callLater(.seconds(10)) { [unowned reactor] in
      Issue.record("the test took too long")
      reactor.crash()
    }
    try body(reactor).addBoth { result in
      if case .failure(let error) = result { Issue.record(error) }
      limit.cancel()
      reactor.stop()
    }
    reactor.run(handlingSignals: false)
  }

  /// The serial number of the certificate on a new connection.
  private func serial(on reactor: Reactor, _ port: Int) -> Deferred<String> {
    var tls = TLSConfiguration()
    tls.roots = [authority.root]
    return reactor.connectTCP("127.0.0.1", port, tls: tls) { ServerRawClient(sending: "") }.addCallback { client in
      let serial = client.transport?.tlsInfo?.peerCertificate?.serialNumber ?? "none"
      client.transport?.abort()
      return serial
    }
  }

  // MARK: - Renewed certificates

  @Test func `each listen reads the files anew`() throws {
    let files = try IdentityFiles()
    try withReactor { reactor in
      var serials: [String] = []
      func serve(_ left: Int) -> Deferred<Void> {
        guard left > 0 else { return .succeed() }
        do {
          try files.write(authority.identity(for: "127.0.0.1"))
          let server = HTTPServer { _ in .text("x") }
          let listener = try server.listen(0, tls: .server(files.identity), on: reactor)
          return serial(on: reactor, Int(listener.localAddress.port)).addCallback { serial -> Deferred<Void> in
            serials.append(serial)
            return server.stop()
          }.addCallback { () -> Deferred<Void> in serve(left - 1) }
        } catch { return .fail(error) }
      }
      return serve(3).addCallback { () -> Void in #expect(Set(serials).count == 3 && !serials.contains("none")) }
    }
  }

  @Test func `reload() reads them while the server serves, and what cannot be used changes nothing`() throws {
    let files = try IdentityFiles()
    try withReactor { reactor in
      try files.write(authority.identity(for: "127.0.0.1"))
      let server = HTTPServer { _ in .text("x") }
      let port = Int(try server.listen(0, tls: .server(files.identity), on: reactor).localAddress.port)
      let kept = client(on: reactor)
      var serials: [String] = []
      return kept.fetch(HTTPClient.Request("https://127.0.0.1:\(port)/")).addCallback { _ in
        self.serial(on: reactor, port)
      }
      .addCallback { serial -> Deferred<String> in
        serials.append(serial)
        try files.write(self.authority.identity(for: "127.0.0.1"))
        return self.serial(on: reactor, port)
      }
      .addCallback { serial -> Deferred<String> in
        serials.append(serial)
        try server.reload()
        return self.serial(on: reactor, port)
      }
      .addCallback { serial -> Deferred<String> in
        serials.append(serial)
        try files.spoil()
        #expect { try server.reload() } throws: { ($0 as? NetError)?.code == .configureTLS }
        try files.replaceChainByFIFO()
        #expect { try server.reload() } throws: { "\($0)".contains("no regular file") }
        #expect { try server.listen(0, tls: .server(files.identity), on: reactor) } throws: {
          "\($0)".contains("no regular file")
        }
        return self.serial(on: reactor, port)
      }
      .addCallback { serial -> Deferred<HTTPClient.Response> in
        serials.append(serial)
        return kept.fetch(HTTPClient.Request("https://127.0.0.1:\(port)/"))
      }
      .addCallback { response -> Deferred<Void> in
        #expect(response.text == "x")
        #expect(kept.connections == 1, "connections that are open stay")
        #expect(serials[0] == serials[1] && serials[1] != serials[2] && serials[2] == serials[3])
        return server.stop()
      }
    }
  }

  // MARK: - Stopping

  @Test func `a handshake counts as a connection, and a stopped server does not complete it`() throws {
    try withReactor { reactor in
      let server = HTTPServer { _ in .text("x") }
      let port = Int(
        try server.listen(0, tls: .server(authority.identity(for: "127.0.0.1")), on: reactor).localAddress.port)
      return reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: "\u{16}\u{3}\u{1}") }
        .addCallback { client -> Deferred<Void> in
          let counted = Deferred<Void>()
          func look() { server.connectionCount == 1 ? counted.callback() : reactor.callSoon { look() } }
          look()
          return counted.addCallback { server.stop() }.addCallback { () -> Deferred<Void> in
            #expect(server.connectionCount == 0)
            return client.ended
          }.addCallback { () -> Void in #expect(client.received.isEmpty) }
        }
    }
  }

  // MARK: - Clients

  @Test(arguments: ["GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "CONNECT"])
  func `a client that speaks plain HTTP gets a response that says so`(_ method: String) throws {
    var text = ""
    let server = HTTPServer { _ in .text("x") }
    try withReactor { reactor in
      let port = Int(
        try server.listen(0, tls: .server(authority.identity(for: "127.0.0.1")), on: reactor).localAddress.port)
      let sent = "\(method) / HTTP/1.1\r\nHost: x\r\n\r\n"
      return reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: sent) }.addCallback { client in
        client.onData = { if $0.text.contains("https") { $0.transport?.close() } }
        return client.ended.addCallback { text = client.text }
      }
    }
    #expect(text.statuses == [400])
    #expect(text.contains("Connection: close\r\n") && text.contains("plain HTTP: use https://"))
  }

  @Test func `http 1·1 is offered without HTTP 2, and taken by a client that offers more`() throws {
    var configuration = HTTPServer.Configuration()
    #if HTTP2
    configuration.http2 = false
    #endif
    let server = HTTPServer(configuration: configuration) { .text($0.tls?.applicationProtocol ?? "none") }
    try withReactor { reactor in
      let port = Int(
        try server.listen(0, tls: .server(authority.identity(for: "127.0.0.1")), on: reactor).localAddress.port)
      let other = client(on: reactor) { $0.applicationProtocols = ["h2", "http/1.1"] }
      return client(on: reactor).fetch(HTTPClient.Request("https://127.0.0.1:\(port)/")).addCallback {
        (first: HTTPClient.Response) -> Deferred<HTTPClient.Response> in
        #expect(first.text == "http/1.1")
        return other.fetch(HTTPClient.Request("https://127.0.0.1:\(port)/"))
      }.addCallback { (second: HTTPClient.Response) -> Void in #expect(second.text == "http/1.1") }
    }
  }

  @Test func `a request tells who its client is, where that has shown a certificate`() throws {
    let server = HTTPServer { request in
      let certificate = request.tls?.peerCertificate
      return .text("\(certificate?.subject ?? "nobody") \(certificate?.subjectAlternativeNames.first ?? "")")
    }
    var tls = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    tls.roots = [authority.root]
    tls.requestsClientCertificate = true
    try withReactor { reactor in
      let url = "https://127.0.0.1:\(try server.listen(0, tls: tls, on: reactor).localAddress.port)/"
      let alice = client(on: reactor) { $0.identity = authority.identity(for: "alice.test") }
      let stranger = client(on: reactor) { $0.identity = TestAuthority("Other").identity(for: "alice.test") }
      return client(on: reactor).fetch(HTTPClient.Request(url)).addCallback {
        (response: HTTPClient.Response) -> Deferred<HTTPClient.Response> in
        #expect(response.text == "nobody ")
        return alice.fetch(HTTPClient.Request(url))
      }.addCallback { (response: HTTPClient.Response) -> Deferred<Void> in
        #expect(response.text == "CN=alice.test DNS:alice.test")
        return stranger.fetch(HTTPClient.Request(url)).addCallback { _ -> Void in
          Issue.record("a bad certificate is refused")
        }.addErrback { _ -> Void in }
      }
    }
    #expect(answer(server, get()).hasSuffix("nobody "), "without TLS there is none")
  }
}
