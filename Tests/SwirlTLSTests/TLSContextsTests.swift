import Foundation
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

@Suite struct TLSContextsTests {
  let authority = TestAuthority()

  /// Calls `body` with the path of a file that is removed afterwards.
  private func withFile(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("swirl-\(UUID().uuidString).pem").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
  }

  private func write(_ pem: TLSConfiguration.PEM, to path: String) throws {
    guard case .text(let text) = pem.place else { preconditionFailure("a test makes its certificates in memory") }
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test func `a client's context is that of before until one of its files is another`() throws {
    try withFile { path in
      let reactor = Reactor()
      var tls = TLSConfiguration()
      tls.roots = [.file(path)]
      try write(authority.root, to: path)
      let first = try TLSContext.of(reactor, tls, .client)
      #expect(try TLSContext.of(reactor, tls, .client) === first)
      try write(TestAuthority("Renewed").root, to: path)
      let second = try TLSContext.of(reactor, tls, .client)
      #expect(second !== first)
      #expect(try TLSContext.of(reactor, tls, .client) === second)
      try FileManager.default.removeItem(atPath: path)
      #expect { try TLSContext.of(reactor, tls, .client) } throws: {
        "\($0)" == "set up TLS with \(path): no such file or directory"
      }
      try write(authority.root, to: path)
      #expect(try TLSContext.of(reactor, tls, .client) !== second)
    }
  }

  @Test(arguments: [TLSContext.Role.client, .server], ["chain", "key", "roots"])
  func `only a regular file is read: a FIFO would hold up the reactor`(role: TLSContext.Role, place: String) throws {
    try withFile { path in
      try #require(mkfifo(path, 0o600) == 0)
      let own = authority.identity(for: "127.0.0.1")
      let pem = TLSConfiguration.PEM.file(path)
      var tls = TLSConfiguration.server(
        .init(chain: place == "chain" ? pem : own.chain, privateKey: place == "key" ? pem : own.privateKey))
      tls.roots = [place == "roots" ? pem : authority.root]
      #expect { try TLSContext.of(Reactor(), tls, role) } throws: {
        "\($0)".hasPrefix("set up TLS with \(path): it is no regular file")
      }
    }
  }

  @Test(arguments: ["chain", "roots"], [0.5, 0.98])
  func `a certificate that is broken or cut is refused, also behind whole ones`(place: String, part: Double) throws {
    try withFile { path in
      let own = authority.identity(for: "127.0.0.1")
      let place = place == "chain" ? own.chain : authority.root
      guard case .text(let whole) = place.place else { throw CancellationError() }
      let broken = [
        whole + whole.prefix(Int(Double(whole.count) * part)),
        whole + whole.replacing("A", with: "!"),
      ]
      for text in broken {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        var tls = TLSConfiguration.server(
          place == own.chain ? .init(chain: .file(path), privateKey: own.privateKey) : own)
        if place != own.chain {
          tls.roots = [.file(path)]
          tls.requiresClientCertificate = true
        }
        #expect { try TLSContext.of(Reactor(), tls, .server) } throws: {
          "\($0)".contains("its certificate") && "\($0)".contains("is broken")
        }
      }
    }
  }

  @Test func `a directory, or more than certificates have, is refused`() throws {
    try withFile { path in
      var tls = TLSConfiguration()
      for path in ["/", path] {
        tls.roots = [.file(path)]
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        truncate(path, 1 << 40)
        #expect { try TLSContext.of(Reactor(), tls, .client) } throws: { error in
          ["it is no regular file", "it has more than 16 MiB"].contains { "\(error)".contains($0) }
        }
      }
    }
  }

  @Test func `no text of a configuration shows a key or its password`() {
    let own = authority.identity(for: "127.0.0.1")
    let tls = TLSConfiguration.server(.init(chain: own.chain, privateKey: own.privateKey, password: "secret"))
    #expect(!"\(tls)".contains("secret") && !"\(tls)".contains("BEGIN"))
    #expect("\(TLSConfiguration.Identity(chain: .file("a")))" == "the identity in a with the key in a")
  }

  @Test func `a server's is that of before as long as its files hold the same`() throws {
    try withFile { path in
      let reactor = Reactor()
      let one = authority.identity(for: "127.0.0.1")
      func use(_ identity: TLSConfiguration.Identity) throws -> TLSConfiguration {
        try write(identity.chain, to: path)
        return .server(.init(chain: .file(path), privateKey: identity.privateKey))
      }
      let first = try TLSContext.of(reactor, use(one), .server)
      #expect(try TLSContext.of(reactor, use(one), .server) === first)
      #expect { try TLSContext.of(reactor, use(authority.identity(for: "x")).using(one), .server) } throws: {
        "\($0)".contains("the key is not that of the certificate")
      }
      #expect(try TLSContext.of(reactor, use(one), .server) === first, "what failed has changed nothing")
    }
  }

  @Test(arguments: [false, true])
  func `connections that become secure one by one keep the last usable certificates`(isForHost: Bool) throws {
    try withFile { path in
      let reactor = Reactor()
      let contexts = TLSContexts()
      let one = authority.identity(for: "127.0.0.1", "one.test")
      try write(one.chain, to: path)
      let inFile = TLSConfiguration.Identity(chain: .file(path), privateKey: one.privateKey)
      let other = authority.identity(for: "other.test")
      let tls = isForHost ? TLSConfiguration.server(other, inFile) : .server(inFile)
      var warnings: [String] = []
      func context() throws -> TLSContext { try contexts.contextOfConnection(tls) { warnings.append("\($0)") } }
      let first = try context()
      #expect(try context() === first)
      try "garbage".write(toFile: path, atomically: true, encoding: .utf8)
      for _ in 0..<3 { #expect(try context() === first) }
      #expect(warnings == ["set up TLS with \(path): there is no certificate in it"])
      // A listener, which can't serve without, has the error.
      #expect(throws: NetError.self) { try TLSContext.of(reactor, tls, .server) }
      try write(one.chain, to: path)
      #expect(try context() === first)
      // Never usable: there is nothing to stay.
      let missing = TLSConfiguration.server(.init(chain: .file(path + ".missing")))
      #expect(throws: NetError.self) { try contexts.contextOfConnection(missing) { _ in } }
    }
  }

  @Test func `an error in a file names its path`() throws {
    try withFile { path in
      try "junk".write(toFile: path, atomically: true, encoding: .utf8)
      let identity = TLSConfiguration.Identity(chain: .file(path))
      #expect { try TLSContext.of(Reactor(), .server(identity), .server) } throws: {
        "\($0)" == "set up TLS with \(path): there is no certificate in it"
      }
    }
  }

  @Test func `a connection after a renewal trusts what the file holds then`() throws {
    try withFile { path in
      try withReactor { reactor in
        let port = try reactor.greet(.server(authority.identity(for: "127.0.0.1")))
        var tls = TLSConfiguration()
        tls.roots = [.file(path)]
        try write(TestAuthority("Old").root, to: path)
        reactor.meet(at: port, tls).addCallback { meeting in
          #expect(meeting.error?.certificate == .unknownAuthority)
          try self.write(self.authority.root, to: path)
          return reactor.meet(at: port, tls)
        }.addBoth { result in
          let meeting = try result.get()
          #expect(meeting.client != nil)
          reactor.stop()
        }
        return {}
      }
    }
  }
}

extension TLSConfiguration {
  /// The same with the key of another identity.
  fileprivate func using(_ other: Identity) -> TLSConfiguration {
    var changed = self
    changed.identity = Identity(chain: identity!.chain, privateKey: other.privateKey)
    return changed
  }
}
