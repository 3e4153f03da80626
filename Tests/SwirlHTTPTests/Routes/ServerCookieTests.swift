import Swirl
import SwirlTesting
import Testing

@Suite struct ServerCookieTests {
  private func cookies(_ fields: String...) throws -> HTTPServer.Cookies {
    var headers = HTTPFields()
    for field in fields { headers.append(HTTPField(name: .cookie, value: field)) }
    return try HTTPServer.Request("/", headers: headers).cookies
  }

  @Test(arguments: [
    ("a=1", "a=1"), ("a=1; b=2", "a=1 b=2"), ("a=1;b=2", "a=1 b=2"), (" a = 1 ;\tb=2;", "a=1 b=2"),
    ("a=1=2; b==", "a=1=2 b=="), (#"a="1""#, "a=1"), (#"a="; b=""; c="x"#, #"a=" b= c="x"#),
    // A malformed one does not take the others with it.
    (#"a={"x":{}}; b=2"#, #"a={"x":{}} b=2"#), ("junk; b=2; =c; ; d=4", "b=2 d=4"), ("a=1, b=2; c=3", "a=1, b=2 c=3"),
    ("a=x y; b=2", "a=x y b=2"), ("", ""), (";;;", ""), ("a=; b=2", "a= b=2"), ("a=%41", "a=%41"),
    ("$Version=1; a=1", "$Version=1 a=1"),
  ])
  func `cookies are read as clients send them_RFC6265_5_4`(_ field: String, _ expected: String) throws {
    #expect(try cookies(field).map { "\($0.name)=\($0.value)" }.joined(separator: " ") == expected)
  }

  @Test func `the first of the same name counts, and names have a case`() throws {
    let all = try cookies("id=long; ID=other", "id=short; more=1")
    #expect(all["id"] == "long" && all["ID"] == "other" && all["more"] == "1" && all["Id"] == nil)
    #expect(all.count == 4)
    #expect(try HTTPServer.Request("/").cookies.isEmpty)
  }

  @Test func `a cookie is set with its attributes`() throws {
    typealias Cookie = HTTPServer.Cookie
    let cases = [
      (try Cookie("a", "1"), "a=1; Path=/; HttpOnly; SameSite=Lax"),
      (try Cookie("a", "", path: "/x", isHTTPOnly: false, sameSite: .default), "a=; Path=/x"),
      (
        try Cookie(
          "a", "1", maxAge: .seconds(60), expires: 0, domain: "Example.org", isSecure: true, sameSite: .strict),
        "a=1; Path=/; Domain=Example.org; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Strict"
      ),
      (
        try Cookie("__Host-a", "1", isSecure: true, sameSite: .none, isPartitioned: true),
        "__Host-a=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
      ),
      (
        try .removal(of: "a", path: "/x"),
        "a=; Path=/x; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax"
      ),
    ]
    for (cookie, expected) in cases { #expect(cookie.description == expected) }
  }

  @Test func `a cookie that clients would refuse is an error that says why`() {
    typealias Make = () throws -> HTTPServer.Cookie
    let cases: [(String, Make)] = [
      ("its name", { try .init("", "1") }), ("its name", { try .init("a b", "1") }),
      ("its name", { try .init("a=b", "1") }), ("its name", { try .init("ä", "1") }),
      ("0x20", { try .init("a", "x y") }), ("0x2C", { try .init("a", "x,y") }), ("0x3B", { try .init("a", "x;y") }),
      ("0x22", { try .init("a", "\"x\"") }), ("0x5C", { try .init("a", "x\\") }),
      ("0x0D", { try .init("a", "\r\nX: y") }),
      ("0xC3", { try .init("a", "é") }), ("0x00", { try .init("a", "\0") }),
      ("4096", { try .init("a", String(repeating: "x", count: 4096)) }),
      ("path", { try .init("a", "1", path: "x") }), ("path", { try .init("a", "1", path: "/x;y") }),
      ("path", { try .init("a", "1", path: "/\r\n") }),
      ("domain", { try .init("a", "1", domain: ".example.org") }),
      ("domain", { try .init("a", "1", domain: "127.0.0.1") }),
      ("domain", { try .init("a", "1", domain: "a; Path=/x") }), ("domain", { try .init("a", "1", domain: "") }),
      ("SameSite=None", { try .init("a", "1", sameSite: .none) }),
      ("partitioned", { try .init("a", "1", isPartitioned: true) }), ("prefix", { try .init("__Secure-a", "1") }),
      ("prefix", { try .init("__host-a", "1", domain: "example.org", isSecure: true) }),
      ("prefix", { try .init("__Host-a", "1", path: "/x", isSecure: true) }),
    ]
    for (reason, make) in cases {
      let error = #expect(throws: HTTPServer.CookieError.self) { try make() }
      #expect(error?.reason.contains(reason) == true, "\(reason): \(error?.reason ?? "-")")
    }
  }

  @Test func `a response sets many cookies, and each once`() throws {
    let response = HTTPServer.Response.text("x")
      .with(try HTTPServer.Cookie("a", "1")).with(try HTTPServer.Cookie("b", "2"))
      .with(try HTTPServer.Cookie("a", "3")).with(try HTTPServer.Cookie("a", "4", path: "/x"))
    let text = answer(HTTPServer { _ in response }, get())
    #expect(
      text.split(separator: "\n").filter { $0.hasPrefix("Set-Cookie: ") }.map { $0.dropFirst(12).prefix { $0 != ";" } }
        == ["b=2", "a=3", "a=4"])
    #expect(text.contains("\nContent-Type: text/plain; charset=utf-8\n"))
  }

  @Test func `what the client's jar stores is what the server reads`() throws {
    let jar = CookieJar(clock: TestClock())
    let cookie = try HTTPServer.Cookie("__Host-id", "a=b!#$%&'()*+-./:<>?@[]^_`{|}~", isSecure: true)
    jar.store(setCookie: cookie.description, from: "https://example.org/")
    let field = try #require(jar.cookieHeader(for: "https://example.org/x"))
    #expect(try cookies(field)["__Host-id"] == cookie.value)
  }
}
