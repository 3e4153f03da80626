import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// Events on a kept connection between its last response and its next request (RFC 9112 §9.2 and §9.5).
  @Suite struct StaleConnectionTests {
    /// The program's behaviour between a response and the next request.
    enum Pause: CaseIterable {
      /// It computes in its callback.
      case computes
      /// It sends a non-idempotent request at once.
      case postsAtOnce
      /// It sends the next request in the next turn.
      case waitsATurn

      var method: HTTPRequest.Method { self == .postsAtOnce ? .post : .get }

      func run(on reactor: Reactor, _ body: @escaping () -> Void) {
        func compute() {
          let start = reactor.now.nanoseconds
          while reactor.now.nanoseconds - start < 150_000 {}
        }
        switch self {
        case .computes:
          compute()
          body()
        case .postsAtOnce: body()
        case .waitsATurn:
          reactor.callSoon {
            compute()
            body()
          }
        }
      }
    }

    private func bench(
      isSecure: Bool, _ configuration: HTTPClient.Configuration = .init(),
      _ answer: @escaping (RawRequest) -> Void = { $0.answer("hello") }
    ) throws -> ClientBench {
      try ClientBench(configuration, authority: isSecure ? TestAuthority() : nil, answer)
    }

    static let strays = [
      "H", "\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 103 Early Hints\r\n\r\n",
      "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    ]

    @Test(arguments: strays, Pause.allCases.flatMap { [($0, false), ($0, true)] })
    func `what comes while the program does something else is no answer`(
      _ stray: String, _ when: (pause: Pause, isSecure: Bool)
    ) throws {
      let bench = try bench(isSecure: when.isSecure)
      var next: Outcome?
      bench.fetch("/1") { _ in
        bench.server.connections[0].send(stray)
        when.pause.run(on: bench.reactor) { next = bench.fetch("/2", method: when.pause.method) }
      }
      bench.run(until: { next?.result != nil })
      #expect("\(next!)" == "200 hello")
      #expect(bench.server.targets == ["/1", "/2"])
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    @Test(arguments: [false, true], Pause.allCases.flatMap { [($0, false), ($0, true)] })
    func `a connection whose end has arrived is not used`(
      _ isReset: Bool, _ when: (pause: Pause, isSecure: Bool)
    ) throws {
      let bench = try bench(isSecure: when.isSecure)
      var next: Outcome?
      bench.fetch("/1") { _ in
        if isReset { bench.server.connections[0].reset() } else { bench.server.connections[0].close() }
        // The server closes in the next turn, before this runs.
        bench.reactor.callSoon {
          when.pause.run(on: bench.reactor) { next = bench.fetch("/2", method: when.pause.method) }
        }
      }
      bench.run(until: { next?.result != nil })
      #expect("\(next!)" == "200 hello")
      #expect(bench.server.targets == ["/1", "/2"], "nothing was sent twice")
      bench.end()
    }

    @Test(arguments: [false, true])
    func `of 300 requests to a server that closes without a word no request fails`(_ isSecure: Bool) throws {
      let bench = try bench(isSecure: isSecure) { request in
        request.answer("hello")
        request.connection.close()
      }
      bench.server.countsSockets = false
      for index in 0..<300 { bench.fetch("/\(index)") }
      bench.run()
      #expect(bench.log.count == 300)
      #expect(bench.log.filter { !$0.hasSuffix(" 200 hello") } == [])
      bench.end()
    }

    @Test(arguments: [false, true])
    func `posts one after the other to a server that closes without a word are each sent once`(
      _ isSecure: Bool
    ) throws {
      let bench = try bench(isSecure: isSecure) { request in
        request.answer("hello")
        request.connection.close()
      }
      func post(_ left: Int) {
        if left > 0 { bench.fetch("/\(left)", method: .post, body: [1, 2, 3]) { _ in post(left - 1) } }
      }
      post(20)
      bench.run()
      #expect(bench.log == (1...20).reversed().map { "/\($0) 200 hello" })
      #expect(bench.server.requests.count == 20)
      bench.end()
    }

    @Test(arguments: [307, 308], [false, true])
    func `a POST follows the redirect of a server that then closes`(_ status: Int, _ isSecure: Bool) throws {
      let bench = try bench(isSecure: isSecure) { request in
        guard request.target == "/old" else { return request.answer("\(request.method) \(request.body.count)") }
        request.answer("", status: "\(status) Elsewhere", fields: "Location: /new\r\n")
        request.connection.close()
      }
      let outcome = bench.fetch("/old", method: .post, body: [1, 2, 3])
      bench.run()
      #expect("\(outcome)" == "200 POST 3")
      #expect(bench.server.targets == ["/old", "/new"])
      bench.end()
    }

    /// A TLS 1.3 server may send tickets at any time: the client reads them when it checks the connection.
    @Test(arguments: [1, 5000, 16_000, 20_000, 100_000])
    func `session tickets and answers of any length leave a connection as good as it was`(_ length: Int) throws {
      let text = String(repeating: "x", count: length)
      let bench = try bench(isSecure: true) { $0.answer(text) }
      func fetch(_ left: Int) {
        guard left > 0 else { return }
        bench.fetch("/", method: left % 2 == 0 ? .post : .get) { outcome in
          #expect(outcome.response?.body.count == length)
          if left % 3 == 0 { bench.reactor.callSoon { fetch(left - 1) } } else { fetch(left - 1) }
        }
      }
      fetch(12)
      bench.run(until: { bench.log.count == 12 })
      #expect(bench.server.accepted == 1)
      bench.end()
    }

    @Test func `a request that is sent once more does not go over another old connection`() throws {
      var configuration = HTTPClient.Configuration()
      configuration.connectionsPerOrigin = 2
      var slow: RawRequest?
      let bench = try ClientBench(configuration) { request in
        if request.target == "/slow" { return slow = request }
        guard request.number > 1 else { return request.answer("hello") }
        // The other connection becomes idle in the same turn; it would end the same way.
        slow?.answer("slow")
        slow = nil
        request.connection.close()
      }
      bench.fetch("/first")
      bench.run()
      bench.fetch("/slow")
      let kept = bench.fetch("/kept")
      bench.run(until: { kept.result != nil })
      let again = bench.fetch("/again")
      bench.run()
      #expect("\(again)" == "200 hello")
      #expect(bench.log.filter { !$0.contains(" 200 ") } == [])
      bench.end()
    }

    /// RFC 9110 §10.1.1: a server that answers without the content may still read the following bytes as content.
    @Test func `after an answer for which content was withheld no other request goes over the connection`() throws {
      let bench = try ClientBench()
      bench.server.onConnect = { connection in
        connection.onHead = { [unowned connection] head in
          if head.hasPrefix("POST") { connection.send("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno") }
        }
      }
      var request = HTTPClient.Request(bench.server.url + "/", method: .post, body: .bytes(pattern(1000)))
      request.expectsContinue = true
      let refused = bench.fetch(request)
      bench.run()
      let next = bench.fetch("/next")
      bench.run()
      #expect("\(refused)" == "413 no" && "\(next)" == "200 hello")
      #expect(bench.server.targets == ["/next"])
      #expect(bench.server.accepted == 2)
      bench.end()
    }

    /// RFC 9110 §15.5.9: the 408 refers to the idle time before the request, which the server has not read.
    @Test(arguments: [HTTPRequest.Method.get, .post])
    func `a 408 that meets the request on its way makes it go out once more`(_ method: HTTPRequest.Method) throws {
      let bench = try ClientBench { request in
        if request.number == 1, request.target != "/always" { return request.answer("hello") }
        request.connection.close(
          after: "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
      }
      bench.fetch("/")
      bench.run()
      let again = bench.fetch("/again", method: method, body: [1, 2])
      bench.run()
      #expect("\(again)" == "200 hello")
      #expect(bench.server.requests.last?.body == [1, 2])
      let always = bench.fetch("/always", method: method)
      bench.run()
      #expect("\(always)" == "408 no")
      #expect(bench.server.targets == ["/", "/again", "/again", "/always", "/always"])
      bench.end()
    }

    @Test func `a 408 on a fresh connection, or on one that stays open, is the answer`() throws {
      let bench = try ClientBench { request in
        request.answer("no", status: "408 Request Timeout", fields: request.number == 1 ? "" : "X: y\r\n")
      }
      for _ in 0..<2 { bench.fetch("/", method: .post) }
      bench.run()
      bench.fetch("/", method: .post)
      bench.run()
      #expect(bench.log == Array(repeating: "/ 408 no", count: 3))
      #expect(bench.server.requests.count == 3)
      bench.end()
    }
  }
}
