import HTTPTypes
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct ResponseTests {
    private func response(_ bytes: String, body: [UInt8] = []) throws -> HTTPClient.Response {
      let bench = try ClientBench { request in
        request.connection.send(Array(bytes.utf8) + body)
        request.connection.close()
      }
      let outcome = bench.fetch("/")
      bench.run()
      bench.end()
      return try #require(outcome.response)
    }

    @Test func `a status compares with numbers, and tells its phrase`() throws {
      let ok = try response("HTTP/1.1 200 OK\r\n\r\n")
      #expect(ok.status == 200)
      #expect(ok.status == .ok)
      #expect(ok.status != 404)
      let teapot = try response("HTTP/1.1 418 I'm a teapot\r\n\r\n")
      #expect(teapot.status == 418)
      #expect(teapot.status.reasonPhrase == (WireVersion.current == .http1 ? "I'm a teapot" : ""))
      #expect(teapot.status.kind == .clientError)
      #expect(try response("HTTP/1.1 999 \r\n\r\n").status == 999)
      #expect(try response("HTTP/1.1 200 \u{FC}\r\n\r\n").status == 200)
    }

    /// RFC 9110 §5.3.
    @Test(.http1Only("field names in any case")) func `fields are given in their order, and by a name in any case`()
      throws
    {
      let response = try response("HTTP/1.1 200 OK\r\nA: 1\r\nSet-Cookie: x=1\r\nset-cookie: y=2\r\nEmpty:\r\n\r\n")
      #expect(response.headers.map(\.name.rawName) == ["A", "Set-Cookie", "set-cookie", "Empty"])
      #expect(response.headers[values: .setCookie] == ["x=1", "y=2"])
      #expect(response["SET-cookie"] == "x=1")
      #expect(response["a"] == "1")
      #expect(response["empty"] == "")
      #expect(response["none"] == nil)
      #expect(response[""] == nil)
    }

    @Test func `text shows what is not UTF-8 as a replacement character`() throws {
      let head = "HTTP/1.1 200 OK\r\n\r\n"
      #expect(try response(head).text == "")
      #expect(try response(head, body: Array("grüß €".utf8)).text == "grüß €")
      #expect(try response(head, body: [0x61, 0xFF, 0x62, 0xC3]).text == "a\u{FFFD}b\u{FFFD}")
      #expect(try response(head, body: [0x61, 0x00, 0x62]).text == "a\0b")
      #expect(try response(head, body: [0xFF, 0x00]).body == [0xFF, 0x00])
    }

    @Test func `JSON is decoded as what is asked for, or says what is wrong`() throws {
      struct Page: Decodable, Equatable { let id: Int, title: String }
      let head = "HTTP/1.1 200 OK\r\n\r\n"
      let good = try response(head + #"{"id": 7, "title": "ü"}"#)
      #expect(try good.json(as: Page.self) == Page(id: 7, title: "ü"))
      let inferred: Page = try good.json()
      #expect(inferred.id == 7)
      #expect(try response(head + "[1, 2]").json(as: [Int].self) == [1, 2])
      for bad in ["", "{", "nonsense", #"{"id": "7", "title": "x"}"#, #"{"id": 7}"#] {
        let response = try response(head + bad)
        let words = "\(response.status) \(response.url), \(bad.utf8.count) bytes that begin with `\(bad)`"
        #expect { try response.json(as: Page.self) } throws: { $0 is DecodingError && "\($0)".contains(words) }
      }
    }

    @Test func `it describes itself in one line`() throws {
      let response = try response("HTTP/1.1 404 Not Found\r\n\r\nabc")
      #expect("\(response)" == "404 Not Found \(response.url) (3 bytes)")
    }
  }
}
