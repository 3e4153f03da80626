import HTTPTypes
import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import Synchronization
import Testing

@testable import SwirlHTTPClient

extension HTTPClientTests {
  /// Trailer fields of requests (RFC 9110 §6.5), from the client to the handler.
  @Suite(.inBothVersions) struct RequestTrailersTests {
    private static let sum = HTTPField.Name("X-Sum")!

    private final class Calls: Sendable {
      private let count = Mutex(0)
      func next() -> Int {
        count.withLock {
          $0 += 1
          return $0
        }
      }
    }

    /// A server that answers with the length of the content, the framing and the trailers; `/old` redirects.
    private func server(isStreaming: Bool) -> HTTPServer {
      if !isStreaming {
        return HTTPServer { request in
          if request.path == "/old" { return .redirect(to: "/new", status: .temporaryRedirect) }
          return .text(
            "\(request.body.count) \(request["content-length"] ?? "-") \(request.trailers?[values: Self.sum] ?? [])")
        }
      }
      return .streaming { request in
        // The handler is called with the head.
        let early = request.trailers
        return Deferred {
          var count = 0
          for try await bytes in request.body { count += bytes.count }
          let late = request.trailers?[values: Self.sum] ?? []
          return .text("\(count) \(request["content-length"] ?? "-") \(early == nil ? "" : "early ")\(late)")
        }
      }
    }

    private func fetch(
      _ path: String = "/", _ body: HTTPClient.Body, isStreaming: Bool = false
    ) throws -> String {
      let reactor = Reactor()
      let listener = try server(isStreaming: isStreaming).listen(0, interface: "127.0.0.1", on: reactor)
      let client = HTTPClient(HTTPClient.Configuration().inCurrentVersion, on: reactor)
      let url = "http://127.0.0.1:\(listener.localAddress.port)\(path)"
      return try reactor.result(of: client.fetch(HTTPClient.Request(url, method: .post, body: body))).text
    }

    @Test(arguments: ["bytes", "no bytes", "pieces", "sized pieces"], [false, true])
    func `the fields behind the content are those of the request`(kind: String, isStreaming: Bool) throws {
      let body: HTTPClient.Body =
        switch kind {
        case "bytes": .text("hello")
        case "no bytes": .bytes([])
        default:
          .producer(length: kind == "pieces" ? nil : 5) {
            var pieces = ["hel", "lo"]
            return { .succeed(pieces.isEmpty ? nil : Array(pieces.removeFirst().utf8)) }
          }
        }
      let answer = try fetch("/", body.with { [Self.sum: "7"] }, isStreaming: isStreaming)
      #expect(answer == "\(kind == "no bytes" ? 0 : 5) - [\"7\"]")
    }

    @Test(arguments: [false, true]) func `a request without any has none`(isStreaming: Bool) throws {
      #expect(try fetch("/", .text("hello"), isStreaming: isStreaming) == "5 5 []")
      #expect(try fetch("/", HTTPClient.Body.text("hello").with { [:] }, isStreaming: isStreaming) == "5 - []")
    }

    @Test func `a repetition of the content has fields of its own`() throws {
      let calls = Calls()
      #expect(try fetch("/old", HTTPClient.Body.text("hello").with { [Self.sum: "\(calls.next())"] }) == "5 - [\"2\"]")
    }

    @Test func `a field that cannot be a trailer fails the request`() throws {
      let error = #expect(throws: HTTPError.self) {
        try fetch("/", HTTPClient.Body.text("hello").with { [.contentLength: "5"] })
      }
      #expect(error?.code == .requestBody && error?.reason.contains("can't be a trailer field") == true)
    }
  }
}
