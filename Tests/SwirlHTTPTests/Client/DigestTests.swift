import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct DigestTests {
    /// RFC 7616 §3.9.1.
    @Test(arguments: [
      ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
      ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ])
    func `the proofs are those of the RFC`(algorithm: String, proof: String) throws {
      let challenge = try #require(
        DigestChallenge([
          #"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\#(algorithm), "#
            + #"nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#
        ]))
      let value = challenge.authorization(
        user: "Mufasa", password: "Circle of Life", method: "GET", target: "/dir/index.html", count: 1,
        clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", by: MessageDigest.hash)
      #expect(value.contains("response=\"\(proof)\""))
      #expect(value.contains("nc=00000001") && value.contains("uri=\"/dir/index.html\"") && value.contains("qop=auth,"))
    }

    /// The results of Python's hashlib for the same challenge.
    @Test(arguments: [
      ("MD5", "7e8b1ea8e4b75d6dc94026924e6e2033"),
      ("SHA-256", "e7be5c7169814d4b23f601acac559bcc0517f5c737205c1d38f2d80efd3ada72"),
      ("SHA-512-256", "181ac9307b1804d474471d50c25ffcc11c463974343aa44264d75aba954b5e04"),
      (
        "SHA-512",
        "7b51e889f9d15efa49541c0a78953bede251ef20ed3ff2148750210fac185969"
          + "53a3fef1e423bca8cbf317d237588a75d0cc47817f87f8af4c277df880c23ef7"
      ),
    ])
    func `a server that wants only that has the content proved as well`(algorithm: String, proof: String) throws {
      let challenge = try #require(
        DigestChallenge([
          #"Digest realm="http-auth@example.org", qop="auth-int", algorithm=\#(algorithm), "#
            + #"nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v""#
        ]))
      let value = challenge.authorization(
        user: "Mufasa", password: "Circle of Life", method: "GET", target: "/dir/index.html",
        content: Array("what".utf8), count: 1, clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        by: MessageDigest.hash)
      #expect(value.contains("response=\"\(proof)\", algorithm=\(algorithm), qop=auth-int,"))
    }

    /// The results of Python's hashlib for the same bytes.
    @Test func `realm, nonce and opaque go back byte for byte, and count so in the proof`() throws {
      let realm = Array("caf".utf8) + [0xE9]
      let bench = try ClientBench { request in
        if !request.values("authorization").isEmpty { return request.answer("in") }
        request.connection.send(
          Array("HTTP/1.1 401 Who\r\nContent-Length: 0\r\nWWW-Authenticate: Digest realm=\"".utf8) + realm
            + Array("\", nonce=\"n".utf8) + [0xFF] + Array("\", opaque=\"".utf8) + [0x80] + Array("\"\r\n\r\n".utf8))
      }
      var request = HTTPClient.Request(bench.server.url + "/x")
      request.authentication = .digest("j\u{F6}", "p\u{E4}ss")
      let outcome = bench.fetch(request)
      bench.run()
      #expect("\(outcome)" == "200 in")
      let head = bench.server.requests[1].headBytes
      for part in [
        Array("username=\"j\u{F6}\"".utf8), Array("realm=\"".utf8) + realm + [0x22],
        Array("nonce=\"n".utf8) + [0xFF, 0x22],
        Array("opaque=\"".utf8) + [0x80, 0x22], Array("response=\"f16b9eb320b723735c414a50f3ae1f2f\"".utf8),
      ] {
        #expect(head.firstRange(of: part) != nil, "\(String(decoding: part, as: UTF8.self))")
      }
      bench.end()
    }

    @Test func `a challenge with a control character is invalid`() {
      #expect(DigestChallenge(["Digest realm=\"r\u{1}\", nonce=\"n\""]) == nil)
      #expect(DigestChallenge(["Digest realm=\"r\", nonce=\"n\", opaque=\"\u{1B}\""]) == nil)
    }

    @Test func `the strongest challenge that is known is taken, and others are not`() {
      func algorithm(_ fields: String...) -> DigestChallenge.Algorithm? { DigestChallenge(fields)?.algorithm }
      let old = #"Digest realm="r", nonce="n""#
      #expect(algorithm(old) == .md5)
      #expect(algorithm(old, #"Digest realm="r", nonce="n", algorithm=SHA-256"#) == .sha256)
      #expect(algorithm(#"Basic realm="x, Digest", Digest realm="r", nonce="n", algorithm=SHA-256-sess"#) == .sha256)
      #expect(algorithm(#"Digest realm="r", nonce="n", algorithm=sha-512-256"#) == .sha512Truncated)
      #expect(algorithm(#"Digest realm="r", nonce="n", algorithm=SHA-1"#) == nil)
      #expect(algorithm(#"Digest realm="r", nonce="n", qop="other""#) == nil)
      for broken in ["", "Digest", #"Digest realm="r"#, #"Digest realm="r", nonce="n\"#, "=", ",,,", "Basic realm=r"] {
        #expect(algorithm(broken) == nil)
      }
    }

    private func server(_ seen: @escaping (RawRequest) -> Void) throws -> ClientBench {
      try ClientBench { request in
        seen(request)
        let isProved = request.values("authorization").first?.contains("nonce=\"one\"") == true
        if isProved && request.target != "/refuses" { return request.answer("in") }
        request.answer(
          "out", status: "401 Who", fields: "WWW-Authenticate: Digest realm=\"r\", nonce=\"one\", qop=\"auth\"\r\n")
      }
    }

    private func request(_ bench: ClientBench, _ target: String) -> HTTPClient.Request {
      var request = HTTPClient.Request(bench.server.url + target)
      request.authentication = .digest("me", "secret")
      return request
    }

    @Test func `the proof is sent when it is asked for, and from then on at once`() throws {
      var counts: [String] = []
      let bench = try server { request in
        let value = request.values("authorization").first ?? ""
        #expect(!value.contains("secret"))
        counts.append(value.split(separator: "nc=").last.map { String($0.prefix(8)) } ?? "none")
      }
      for _ in 0..<2 {
        let outcome = bench.fetch(request(bench, "/page"))
        bench.run()
        #expect("\(outcome)" == "200 in" && outcome.response?.history.isEmpty == true)
      }
      #expect(counts == ["none", "00000001", "00000002"])
      bench.end()
    }

    @Test func `content that is not there before it is sent cannot be proved`() throws {
      var bodies: [String] = []
      let bench = try ClientBench { request in
        let value = request.values("authorization").first ?? "none"
        bodies.append("\(String(decoding: request.body, as: UTF8.self)) \(value.contains("auth-int"))")
        if value != "none" { return request.answer("in") }
        request.answer(
          "out", status: "401 Who", fields: "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n")
      }
      var known = request(bench, "/page")
      known.method = .post
      known.body = .text("what")
      var unknown = known
      unknown.body = try .file(#filePath)
      let outcomes = [bench.fetch(known)] + [bench.fetch(unknown)]
      bench.run()
      #expect(outcomes.map { "\($0)" }.sorted() == ["200 in", "401 out"])
      #expect(bodies.contains("what true") && bodies.filter { $0.hasSuffix("true") }.count == 1)
      bench.end()
    }

    @Test func `a proof that is refused is not sent for ever`() throws {
      var count = 0
      let bench = try server { _ in count += 1 }
      let outcome = bench.fetch(request(bench, "/refuses"))
      bench.run()
      #expect("\(outcome)" == "401 out" && count == 2)
      let other = bench.fetch("/refuses")
      bench.run()
      #expect("\(other)" == "401 out" && count == 3, "nobody gave a password")
      bench.end()
    }
  }
}
