import Foundation
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

@Suite struct TLSTicketKeysTests {
  let authority = TestAuthority()

  private func client(_ version: TLSVersion) -> TLSConfiguration {
    var tls = TLSConfiguration()
    tls.roots = [authority.root]
    tls.identity = authority.identity(for: "me")
    tls.maximumVersion = version
    return tls
  }

  /// A server's configuration that is replaced while it listens.
  ///
  /// Unchecked is right: a test uses it on its reactor's thread alone.
  private final class Replaceable: SecurityProvider, @unchecked Sendable {
    var tls: TLSConfiguration
    init(_ tls: TLSConfiguration) { self.tls = tls }
    func clientContext(on reactor: Reactor) throws(NetError) -> any SecurityContext {
      try tls.clientContext(on: reactor)
    }
    func serverContext(on reactor: Reactor) throws(NetError) -> any SecurityContext {
      try tls.serverContext(on: reactor)
    }
  }

  /// Whether each of several connections to one port resumed a session. Before each the port has the next
  /// configuration, as after a `reload()`.
  private func resumed(
    _ version: TLSVersion = .tls13, _ servers: TLSConfiguration..., between: @escaping (Int) throws -> Void = { _ in }
  ) throws -> [Bool] {
    var seen: [Bool] = []
    let tls = client(version)
    try withReactor { reactor in
      reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      let provider = Replaceable(servers[0])
      let listener = try reactor.listenTCP(
        0, interface: "127.0.0.1", backlog: 16, security: provider, at: CallSite()
      ) { _ in Recorder { $0.onMade = { $0.write("hello") } } }
      func meet(_ index: Int) throws {
        guard index < servers.count else { return reactor.stop() }
        provider.tls = servers[index]
        try listener.reload()
        reactor.meet("a.example", at: listener.port, tls).addCallback { meeting in
          seen.append(try #require(meeting.client).isResumed)
          try between(index)
          try meet(index + 1)
        }.addErrback { error in
          Issue.record(error)
          reactor.stop()
        }
      }
      try meet(0)
      return {}
    }
    return seen
  }

  private func server(_ keys: TLSTicketKeys = .ofProcess, _ change: (inout TLSConfiguration) -> Void = { _ in })
    -> TLSConfiguration
  {
    // A new certificate each time: so is the context.
    var tls = TLSConfiguration.server(authority.identity(for: "a.example"))
    tls.ticketKeys = keys
    change(&tls)
    return tls
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a session outlives the context and the certificate with which it was made`(version: TLSVersion) throws {
    #expect(try resumed(version, server(), server(), server()) == [false, true, true])
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `a session is good only where it asks for the same certificates and has the same names`(version: TLSVersion)
    throws
  {
    let plain = server()
    let asking = server {
      $0.requiresClientCertificate = true
      $0.roots = [authority.root]
    }
    let other = server {
      $0.requiresClientCertificate = true
      $0.roots = [TestAuthority("Other").root, authority.root]
    }
    #expect(try resumed(version, asking, asking) == [false, true])
    #expect(try resumed(version, plain, asking) == [false, false])
    #expect(try resumed(version, asking, other) == [false, false])
    let wider = TLSConfiguration.server(authority.identity(for: "a.example", "b.example"))
    #expect(try resumed(version, plain, wider) == [false, false])
    #expect(try resumed(version, wider, wider) == [false, true])
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `other keys open nothing; the two before the newest do`(version: TLSVersion) throws {
    #expect(try resumed(version, server(TLSTicketKeys()), server(TLSTicketKeys())) == [false, false])
    let keys = TLSTicketKeys()
    let rotated = try resumed(version, server(keys), server(keys), server(keys)) { _ in
      keys.rotate()
      keys.rotate()
    }
    // OpenSSL's client of TLS 1.2 does not give out the ticket that renews another.
    #expect(rotated == [false, true, version == .tls13])
    let replaced = try resumed(version, server(keys), server(keys)) { _ in
      for _ in 0..<3 { keys.rotate() }
    }
    #expect(replaced == [false, false])
  }

  @Test func `random keys change by themselves`() throws {
    let keys = TLSTicketKeys(rotatedEvery: .zero)
    // Each use makes a new one: of three uses, the first two are the tickets of the first connection.
    #expect(try resumed(.tls12, server(keys), server(keys)) == [false, true])
  }

  @Test func `processes with the same keys resume each other's sessions`() throws {
    let bytes = (0..<2).map { number in [UInt8](repeating: UInt8(number), count: TLSTicketKeys.length) }
    let one = try TLSTicketKeys(bytes)
    let two = try TLSTicketKeys(bytes.reversed())
    #expect(try resumed(.tls13, server(one), server(two)) == [false, true])
    try two.replace(with: [bytes[1]])
    #expect(try resumed(.tls13, server(one), server(two)) == [false, false])
  }

  @Test(arguments: [[], [0], [80, 48]]) func `keys of another length are refused`(lengths: [Int]) throws {
    let keys = lengths.map { [UInt8](repeating: 1, count: $0) }
    #expect { try TLSTicketKeys(keys) } throws: { "\($0)".contains("openssl rand 80") }
    #expect { try TLSTicketKeys().replace(with: keys) } throws: { "\($0)".contains("openssl rand 80") }
  }
}
