import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct ContentTests {
    private static let text = "hello hello hello hello"
    /// The output of Debian 12's `gzip`, `brotli` and `zstd`.
    private static let codings: [(String, [UInt8])] = [
      (
        "gzip",
        [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 72, 205, 201, 201, 87, 200, 64, 39, 1, 227, 81, 61, 141, 23, 0, 0, 0]
      ),
      ("br", [161, 176, 0, 192, 111, 164, 116, 243, 38, 170, 50, 180, 100, 3, 121, 11, 121, 226, 0, 199, 1]),
      (
        "zstd",
        [40, 181, 47, 253, 36, 23, 101, 0, 0, 48, 104, 101, 108, 108, 111, 32, 1, 0, 153, 75, 17, 23, 94, 174, 13]
      ),
    ]

    private func send(_ bytes: [UInt8], _ request: RawRequest, _ fields: String, isChunked: Bool = false) {
      let connection = request.connection
      if isChunked {
        connection.send("HTTP/1.1 200 OK\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n")
        for byte in bytes {
          connection.send("1\r\n")
          connection.send([byte])
          connection.send("\r\n")
        }
        connection.send("0\r\n\r\n")
      } else {
        connection.send("HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(bytes.count)\r\n\r\n")
        connection.send(bytes)
      }
    }

    @Test(arguments: codings, [true, false]) func `content in a coding is decoded, and asked for`(
      coding: (name: String, bytes: [UInt8]), isChunked: Bool
    ) throws {
      let bench = try ClientBench {
        send(coding.bytes, $0, "Content-Encoding: \(coding.name)\r\n", isChunked: isChunked)
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.text == Self.text)
      #expect(bench.server.requests[0].values("accept-encoding") == ["gzip, deflate, br, zstd"])
      var streamed = ""
      var isOver = false
      bench.client.stream(HTTPClient.Request(bench.server.url)).addCallback { response in
        Deferred { for try await bytes in response.body { streamed += String(decoding: bytes, as: UTF8.self) } }
      }.addBoth { _ in isOver = true }
      bench.run(until: { isOver })
      #expect(streamed == Self.text)
      #expect(bench.server.accepted == 1, "the connection is kept")
      bench.end()
    }

    @Test func `who does not want that gets what was sent`() throws {
      let (name, bytes) = Self.codings[0]
      var configuration = HTTPClient.Configuration()
      configuration.decodesContent = false
      let bench = try ClientBench(configuration) { send(bytes, $0, "Content-Encoding: \(name)\r\n") }
      let outcome = bench.fetch("/")
      var request = HTTPClient.Request(bench.server.url)
      request.decodesContent = true
      let decoded = bench.fetch(request)
      bench.run()
      #expect(outcome.response?.body == bytes)
      #expect(decoded.response?.text == Self.text)
      #expect(bench.server.requests[0].values("accept-encoding") == [])
      bench.end()
    }

    @Test(arguments: [
      ("gzip", Array(codings[0].1.dropLast(3)), HTTPError.Code.invalidResponse),
      ("gzip", [1, 2, 3, 4], .invalidResponse),
      ("gzip, gzip, gzip, gzip", [1], .invalidResponse),
    ]) func `what cannot be decoded is an error, and costs the connection`(
      coding: String, bytes: [UInt8], code: HTTPError.Code
    ) throws {
      let bench = try ClientBench { request in
        request.target == "/next" ? request.answer("hello") : send(bytes, request, "Content-Encoding: \(coding)\r\n")
      }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.httpError?.code == code)
      let next = bench.fetch("/next")
      bench.run()
      #expect("\(next)" == "200 hello" && bench.server.accepted == (WireVersion.current == .http1 ? 2 : 1))
      bench.end()
    }

    /// RFC 9110 §5.3.
    @Test(arguments: [
      "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n",
      "Content-Encoding: gzip\r\nContent-Encoding: identity\r\n",
      "Content-Encoding:\r\nX: y\r\ncontent-encoding: , x-gzip\r\n",
    ]) func `codings in several fields are one list`(fields: String) throws {
      let bench = try ClientBench { send(Self.codings[0].1, $0, fields) }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.text == Self.text && outcome.response?.contentCodings == [])
      bench.end()
    }

    @Test(arguments: [
      ("utf-8", ["utf-8"]), ("none", ["none"]), ("binary", ["binary"]), ("aws-chunked", ["aws-chunked"]),
      ("aws-chunked, gzip", ["aws-chunked", "gzip"]), ("GZIP\r\nContent-Encoding: what", ["gzip", "what"]),
    ]) func `content in a coding that is not known is given as it came, and that is said, unless all is to be strict`(
      codings: String, names: [String]
    ) throws {
      let bytes = Self.codings[0].1
      let bench = try ClientBench { send(bytes, $0, "Content-Encoding: \(codings)\r\n") }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.body == bytes && outcome.response?.contentCodings == names)
      var streamed: [UInt8] = []
      var streamedCodings: [String]?
      bench.client.stream(HTTPClient.Request(bench.server.url)).addCallback { response in
        streamedCodings = response.contentCodings
        return Deferred { for try await bytes in response.body { streamed += bytes } }
      }.addErrback { _ = Issue.record($0) }
      bench.run(until: { streamed.count == bytes.count })
      #expect(streamed == bytes && streamedCodings == names)
      bench.end()
      var configuration = HTTPClient.Configuration()
      configuration.strictResponses = true
      let strict = try ClientBench(configuration) { send(bytes, $0, "Content-Encoding: \(codings)\r\n") }
      let refused = strict.fetch("/")
      strict.run()
      #expect(refused.httpError?.code == .invalidResponse)
      strict.end()
    }

    @Test func `what is given undecoded says so`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.decodesContent = false
      let bench = try ClientBench(configuration) { send(Self.codings[0].1, $0, "Content-Encoding: gzip\r\n") }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.contentCodings == ["gzip"])
      bench.end()
      let head = try ClientBench {
        $0.connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n")
      }
      let nothing = head.fetch("/", method: .head)
      head.run()
      #expect(nothing.response?.contentCodings == [], "there is nothing to decode")
      head.end()
    }

    @Test func `a bomb is refused by its ratio, for which there is a knob`() throws {
      // Blocks of 128 KiB of zeros (RFC 8878 §3.1.1.2), 17 MiB in all.
      var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x68]
      for block in 1...136 { bytes += [block == 136 ? 3 : 2, 0, 0x10, 0] }
      for (ratio, isTaken) in [(HTTPClient.Configuration().maximumDecodingRatio, false), (nil, true), (40_000, true)] {
        var configuration = HTTPClient.Configuration()
        configuration.maximumDecodingRatio = ratio
        let bench = try ClientBench(configuration) { send(bytes, $0, "Content-Encoding: zstd\r\n") }
        let outcome = bench.fetch("/")
        bench.run()
        if isTaken {
          #expect(outcome.response?.body.count == 17 << 20)
        } else {
          #expect(outcome.httpError?.code == .bodyTooLarge)
          #expect(outcome.httpError?.reason.contains("maximumDecodingRatio") == true)
        }
        bench.end()
      }
    }

    /// Content that is small on the wire and exceeds the limit once decoded.
    @Test func `a limit counts what comes out`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.maximumBodySize = Self.text.utf8.count - 1
      let bench = try ClientBench(configuration) { send(Self.codings[0].1, $0, "Content-Encoding: gzip\r\n") }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.httpError?.code == .bodyTooLarge)
      bench.end()
    }

    @Test(
      arguments: [
        ("text/plain; charset=iso-8859-1", [103, 114, 252, 223, 101]),
        ("text/plain; charset=\"UTF-8\"", Array("grüße".utf8)),
        ("text/plain", Array("grüße".utf8)), ("", Array("grüße".utf8)),
        ("text/plain; charset=what", Array("grüße".utf8)),
        ("text/plain; charset=utf-16le", [103, 0, 114, 0, 252, 0, 223, 0, 101, 0]),
      ] as [(String, [UInt8])]) func `text is read in the character set that is named`(type: String, bytes: [UInt8])
      throws
    {
      let bench = try ClientBench { send(bytes, $0, type.isEmpty ? "" : "Content-Type: \(type)\r\n") }
      let outcome = bench.fetch("/")
      bench.run()
      #expect(outcome.response?.text == "grüße")
      bench.end()
    }

    // MARK: - Cookies

    /// RFC 6265bis §4.2: a cookie is octets.
    @Test func `a cookie that is not UTF-8 goes back byte for byte, beside one of the program's own`() throws {
      let value = Array("caf".utf8) + [0xE9, 0x80, 0xFF]
      let bench = try ClientBench { request in
        request.connection.send(
          Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a=".utf8) + value + Array("; Path=/\r\n\r\n".utf8))
      }
      bench.client.cookies = CookieJar()
      bench.fetch("/")
      bench.run()
      bench.fetch("/")
      bench.run()
      var own = HTTPFields()
      own.append(HTTPField(name: .cookie, value: Array("own=".utf8) + [0xE8]))
      bench.fetch("/", headers: own)
      bench.run()
      let heads = bench.server.requests.map(\.headBytes)
      #expect(heads[1].firstRange(of: Array("Cookie: a=".utf8) + value + [0x0D]) != nil)
      #expect(heads[2].firstRange(of: Array("Cookie: own=".utf8) + [0xE8] + Array("; a=".utf8) + value + [0x0D]) != nil)
      bench.end()
    }

    @Test func `cookies go back to who set them, also on the way of a redirect`() throws {
      let bench = try ClientBench { request in
        switch request.target {
        case "/login":
          request.answer(
            "", status: "302 Found", fields: "Location: /\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/x\r\n")
        case "/bye": request.answer("", fields: "Set-Cookie: a=; Max-Age=0; Path=/\r\n")
        default: request.answer(request.values("cookie").joined(separator: "|"))
        }
      }
      let without = bench.fetch("/login")
      bench.run()
      #expect("\(without)" == "200 ")
      bench.client.cookies = CookieJar()
      var texts: [String] = []
      for target in ["/login", "/x/y", "/bye", "/"] {
        let outcome = bench.fetch(target)
        bench.run()
        texts.append("\(outcome)")
      }
      #expect(texts == ["200 a=1", "200 b=2; a=1", "200 ", "200 "])
      var request = HTTPClient.Request(bench.server.url + "/x/", headers: [.cookie: "own=3"])
      request.redirects = HTTPClient.Redirects.none
      let own = bench.fetch(request)
      bench.run()
      #expect("\(own)" == "200 own=3; b=2")
      bench.end()
    }
  }
}
