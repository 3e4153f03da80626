import HTTPTypes
import SwirlNet
import Testing

@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// Whose word about the client is believed. The lists are those of RFC 7239 §7 and of nginx's `real_ip_recursive`.
@Suite struct TrustedProxiesTests {
  private func request(
    _ fields: [(String, String)], from peer: String? = "127.0.0.1",
    trusting proxies: HTTPServer.TrustedProxies? = .init(AddressRange.loopback + ["10.0.0.0/8", "fd00::/8"])
  ) throws -> HTTPServer.Request {
    var headers = HTTPFields()
    for (name, value) in fields { headers.append(HTTPField(name: HTTPField.Name(name)!, value: value)) }
    headers[.init("Host")!] = "inner.example"
    let made = try HTTPServer.Request("/a?b=1", headers: headers)
    let address = peer.flatMap { $0.hasPrefix("/") ? SocketAddress(unixPath: $0) : SocketAddress(ip: $0, port: 4711) }
    return HTTPServer.Request(
      made.head, body: [], trailers: nil,
      connection: ConnectionFacts(peer: address, tls: nil, trustedProxies: proxies))
  }

  @Test func `a list of addresses is enough`() throws {
    var configuration = HTTPServer.Configuration()
    configuration.trustedProxies = ["127.0.0.1", "10.0.0.0/8"]
    #expect(configuration.trustedProxies == .init(["127.0.0.1", "10.0.0.0/8"], fields: .xForwarded))
  }

  @Test(
    arguments: [
      ("203.0.113.9", "203.0.113.9"), ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
      ("1.1.1.1, 203.0.113.9, 10.0.0.1, 10.0.0.2", "203.0.113.9"), ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
      ("203.0.113.9:4000", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]:80", "2001:db8::1"),
      ("fd00::1", "fd00::1"), (" 203.0.113.9 ,", "203.0.113.9"), ("unknown", nil), ("1.1.1.1, evil, 10.0.0.1", nil),
      ("::ffff:203.0.113.9", "203.0.113.9"),
      ("127.0.0.1, 999.1.1.1", nil), ("203.0.113.9, ::ffff:10.0.0.1", "203.0.113.9"), ("fe80::1%lo", nil),
      ("203.0.113.9:99999", nil), ("203.0.113.9:", nil),
      // A mark makes one character with the comma behind it, to a reader of characters.
      ("203.0.113.9\u{600},10.0.0.1", nil), ("1.1.1.1\u{600},203.0.113.9", "203.0.113.9"),
      // Other forms of 127.0.0.1 and 8.0.0.1 in inet_aton(3), of which programs think differently.
      ("1.1.1.1, 127.1", nil), ("1.1.1.1, 2130706433", nil), ("1.1.1.1, 0x7f.0.0.1", nil), ("1.1.1.1, 010.0.0.1", nil),
    ] as [(String, String?)])
  func `the client is the last that is no trusted proxy`(list: String, client: String?) throws {
    #expect(try request([("X-Forwarded-For", list)]).clientAddress?.host == client)
  }

  @Test func `several fields are one list`() throws {
    let fields = [("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-for", "203.0.113.9"), ("X-Forwarded-For", "10.0.0.1")]
    #expect(try request(fields).clientAddress?.host == "203.0.113.9")
  }

  @Test func `of others no field is believed`() throws {
    let fields = [
      ("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil.example"),
      ("Forwarded", "for=1.1.1.1;proto=https;host=evil.example"),
    ]
    let strange = try request(fields, from: "203.0.113.5")
    let careless = try request(fields, trusting: nil)
    for (request, address) in [(strange, "203.0.113.5"), (careless, "127.0.0.1")] {
      #expect(request.clientAddress?.host == address && request.clientAddress?.port == 4711)
      #expect(request.scheme == "http" && request.externalAuthority == "inner.example")
      #expect(request.externalURL == "http://inner.example/a?b=1")
    }
    // The other kind of field is the client's own.
    let other = try request([fields[3]])
    #expect(other.clientAddress?.host == "127.0.0.1" && other.scheme == "http")
  }

  @Test func `scheme and host are those of the nearest proxy`() throws {
    let request = try request([
      ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "http, HTTPS"),
      ("X-Forwarded-Host", "evil.example, outer.example:8443"),
    ])
    #expect(request.externalURL == "https://outer.example:8443/a?b=1")
    let bad = try self.request([("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "a/b?c")], from: "/run/x")
    #expect(bad.externalURL == "http://inner.example/a?b=1" && bad.clientAddress?.host == "/run/x")
  }

  @Test(
    arguments: [
      ("for=203.0.113.9", "203.0.113.9", "http"), ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17", "http"),
      ("for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=https;host=o.example", "198.51.100.17", "https"),
      ("for=1.1.1.1;proto=https, for=203.0.113.9;proto=https, for=10.0.0.1;proto=http", "203.0.113.9", "https"),
      ("for=_hidden;proto=https", nil, "https"), ("for=unknown", nil, "http"), ("proto=https", nil, "https"),
      ("for=\"1.1.1.1, for=203.0.113.9", nil, "http"), ("for=1.1.1.1;for=2.2.2.2", nil, "http"), ("for", nil, "http"),
      ("for= 1.1.1.1", nil, "http"), ("for=203.0.113.9:47011", "203.0.113.9", "http"),
      (",, for=203.0.113.9 ;,", "203.0.113.9", "http"),
      ("for=\"\\2\\03.0.113.9\"", "203.0.113.9", "http"),
    ] as [(String, String?, String)])
  func `Forwarded is read by its grammar`(value: String, client: String?, scheme: String) throws {
    let request = try request(
      [("Forwarded", value)], trusting: .init(AddressRange.loopback + ["10.0.0.0/8"], fields: .forwarded))
    #expect(request.clientAddress?.host == client)
    #expect(request.scheme == scheme)
    #expect(request.externalAuthority == (value.contains("o.example") ? "o.example" : "inner.example"))
  }
}
