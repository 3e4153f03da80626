import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// Several names on one port: which identity a client meets. The rules are those of RFC 6066 §3 and of nginx's
/// `server_name`: a whole name before a wildcard, without regard to case.
@Suite struct TLSHostsTests {
  let authority = TestAuthority()

  private func client(_ change: (inout TLSConfiguration) -> Void = { _ in }) -> TLSConfiguration {
    var tls = TLSConfiguration()
    tls.roots = [authority.root]
    change(&tls)
    return tls
  }

  /// A server of four identities.
  private func server(_ change: (inout TLSConfiguration) -> Void = { _ in }) -> TLSConfiguration {
    var tls = TLSConfiguration.server(
      authority.identity(for: "first.example", "127.0.0.1"),
      authority.identity(for: "a.example", "b.example"),
      authority.identity(for: "*.wild.example"),
      authority.identity(for: "Whole.wild.example", "b.example"))
    change(&tls)
    return tls
  }

  @Test(arguments: [
    ("first.example", "first.example"), ("a.example", "a.example"), ("A.EXAMPLE", "a.example"),
    ("a.example.", "a.example"), ("b.example", "a.example"), ("x.wild.example", "*.wild.example"),
    ("whole.wild.example", "Whole.wild.example"), ("127.0.0.1", "first.example"),
  ])
  func `a client meets the identity for the name that it asks for`(host: String, common: String) throws {
    let meeting = try Meeting.of(host, server: server(), client: client())
    #expect(meeting.error == nil)
    #expect(meeting.client?.peerCertificate?.subject == "CN=\(common)")
    let asked = host == "127.0.0.1" ? nil : host.hasSuffix(".") ? String(host.dropLast()) : host
    #expect(meeting.server?.serverName == asked)
    #expect(meeting.client?.serverName == asked)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13], ["other.example", "deep.x.wild.example", "wild.example", "127.0.0.1"])
  func `an unknown name meets the first identity, or is refused`(version: TLSVersion, host: String) throws {
    let any = client {
      $0.verification = .dangerouslyAcceptingAnyCertificate
      $0.maximumVersion = version
    }
    #expect(try Meeting.of(host, server: server(), client: any).client?.peerCertificate?.subject == "CN=first.example")
    let refused = try Meeting.of(host, server: server { $0.refusesUnknownHosts = true }, client: any)
    #expect(refused.client == nil && refused.server == nil)
    #expect("\(try #require(refused.error))".contains("unrecognized name"))
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `each identity asks for the same certificates of clients`(version: TLSVersion) throws {
    let demanding = server {
      $0.roots = [authority.root]
      $0.requiresClientCertificate = true
    }
    for host in ["first.example", "b.example", "x.wild.example"] {
      #expect(try Meeting.of(host, server: demanding, client: client { $0.maximumVersion = version }).server == nil)
      let known = client {
        $0.maximumVersion = version
        $0.identity = authority.identity(for: "me")
      }
      #expect(try Meeting.of(host, server: demanding, client: known).server?.peerCertificate?.subject == "CN=me")
      let strange = client {
        $0.maximumVersion = version
        $0.identity = TestAuthority("Other").identity(for: "me")
      }
      #expect(try Meeting.of(host, server: demanding, client: strange).server == nil)
    }
  }

  @Test func `the application protocol is chosen for each`() throws {
    let meeting = try Meeting.of(
      "x.wild.example", server: server { $0.applicationProtocols = ["b", "a"] },
      client: client { $0.applicationProtocols = ["a"] })
    #expect(meeting.server?.applicationProtocol == "a")
  }

  @Test func `an identity staples its own status`() throws {
    let tls = TLSConfiguration.server(
      authority.identity(for: "first.example"), authority.identity(for: "bad.example", isRevoked: true))
    #expect(try Meeting.of("first.example", server: tls, client: client()).error == nil)
    #expect(try Meeting.of("bad.example", server: tls, client: client()).error?.certificate == .revoked)
  }

  @Test func `an identity for no name, or without its key, is an error that names it`() throws {
    let nameless = authority.identity(for: "127.0.0.1")
    #expect {
      try TLSContext.of(Reactor(), .server(authority.identity(for: "a"), nameless), .server)
    } throws: { "\($0)".contains("names no host") }
    let missing = TLSConfiguration.Identity(chain: .file("/nowhere.pem"))
    #expect {
      try TLSContext.of(Reactor(), .server(authority.identity(for: "a"), missing), .server)
    } throws: { "\($0)" == "set up TLS with /nowhere.pem: no such file or directory" }
  }
}
