import Swirl
import SwirlTesting
import Testing

@Suite struct SameOriginTests {
  private func status(
    _ method: HTTPRequest.Method, _ fields: KeyValuePairs<String, String>,
    trusting origins: HTTPServer.CORSOrigins = [], host: String = "shop.test"
  ) throws -> Int {
    let router = Router()
    router.intercept(.sameOrigin(trusting: origins))
    router.any("/") { _ in .text("done") }
    var headers = HTTPFields(fields)
    headers["Host"] = host
    let request = try HTTPServer.Request("/", method: method, headers: headers)
    return try successResult(of: HTTPServer(router).respond(to: request, on: Reactor())).status.code
  }

  @Test func `what is safe passes, whoever sends it`() throws {
    for method in [HTTPRequest.Method.get, .head, .options] {
      #expect(try status(method, ["Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"]) == 200)
    }
  }

  // A browser that says where its page is from is believed: no page can set the field.
  @Test(arguments: [
    ("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("", 403), ("SAME-ORIGIN", 403),
    ("same-origin, same-origin", 403),
  ])
  func `a browser says of what site its page is`(_ site: String, _ expected: Int) throws {
    for method in [HTTPRequest.Method.post, .put, .patch, .delete, .init("PURGE")!] {
      #expect(try status(method, ["Sec-Fetch-Site": site]) == expected)
      // Of this server's own page, whatever its Referrer-Policy makes of its origin.
      #expect(try status(method, ["Sec-Fetch-Site": site, "Origin": "null"]) == expected)
    }
    #expect(try status(.post, ["Sec-Fetch-Site": site, "Origin": "http://shop.test"]) == expected)
  }

  @Test(arguments: [
    ("http://shop.test", "shop.test", 200), ("https://shop.test", "shop.test", 200),
    ("http://shop.test:8080", "shop.test:8080", 200), ("http://SHOP.test", "shop.TEST", 200),
    ("http://shop.test", "shop.test:80", 200), ("https://shop.test", "shop.test:443", 200),
    ("http://shop.test:8080", "shop.test", 403), ("http://shop.test", "shop.test:8080", 403),
    ("http://shop.test.evil.test", "shop.test", 403), ("http://evil.test/shop.test", "shop.test", 403),
    ("http://a.shop.test", "shop.test", 403), ("null", "shop.test", 403), ("shop.test", "shop.test", 403),
    ("", "shop.test", 403), ("http://[::1]:80", "[::1]:80", 200),
  ])
  func `without that word the origin is the host`(_ origin: String, _ host: String, _ expected: Int) throws {
    #expect(try status(.post, ["Origin": origin], host: host) == expected)
  }

  @Test func `a program that is no browser passes`() throws {
    #expect(try status(.post, [:]) == 200)
    #expect(try status(.post, ["Referer": "https://evil.test/"]) == 200)
  }

  @Test func `pages of trusted sites may send`() throws {
    let origins: HTTPServer.CORSOrigins = ["https://app.test"]
    let own = ["Origin": "https://app.test", "Sec-Fetch-Site": "cross-site"] as KeyValuePairs
    #expect(try status(.post, own, trusting: origins) == 200)
    #expect(try status(.post, ["Origin": "https://app.test"], trusting: origins) == 200)
    #expect(
      try status(.post, ["Origin": "https://b.app.test", "Sec-Fetch-Site": "same-site"], trusting: origins) == 403)
    #expect(try status(.post, ["Sec-Fetch-Site": "cross-site"], trusting: origins) == 403)
  }

  @Test func `behind a trusted proxy the host is the one that clients ask`() throws {
    let router = Router()
    router.intercept(.sameOrigin())
    router.post("/") { _ in .text("done") }
    func statuses(_ trusted: HTTPServer.TrustedProxies?) -> [Int] {
      var configuration = HTTPServer.Configuration()
      configuration.trustedProxies = trusted
      let fields = "X-Forwarded-Host: shop.test\r\nOrigin: https://shop.test\r\nContent-Length: 0\r\n"
      return answer(
        HTTPServer(configuration: configuration, router), "POST / HTTP/1.1\r\nHost: inner:80\r\n\(fields)\r\n"
      ).statuses
    }
    #expect(statuses(["192.0.2.1"]) == [200])
    #expect(statuses(nil) == [403])
  }
}
