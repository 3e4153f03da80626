import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import SwirlWebSocket
import Testing

@Suite(.failsOnUnhandledFailures) struct WebSocketRedirectTests {
  /// Opens a socket, and gives the path at which it was opened, or the error in words.
  private func open(
    _ bench: WebSocketBench, _ url: String, _ redirects: HTTPClient.Redirects = .follow(3), headers: HTTPFields = [:],
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration()
  ) -> String {
    let client = HTTPClient(configuration, on: bench.reactor)
    var result = "nothing"
    client.webSocket(url, headers: headers, redirects: redirects).addCallback { socket in
      socket.onText { result = $0 }
    }.addErrback { result = "\($0)" }
    bench.run(for: .seconds(1))
    client.close()
    return result
  }

  /// `/302/there` redirects to `/there`; an open socket is sent its path and its credentials.
  private func bench(to origin: String = "") throws -> WebSocketBench {
    let server = HTTPServer { request -> HTTPServer.Response in
      let parts = request.path.split(separator: "/", maxSplits: 1)
      guard let status = Int(parts[0]) else {
        let path = request.path
        let token = request["Authorization"] ?? "none"
        return HTTPServer.Response.webSocket { $0.send("\(path) \(token) \(request["Host"] ?? "")") }
      }
      return HTTPServer.Response.status(.init(code: status)).with("Location", "\(origin)/\(parts[1])")
    }
    let bench = try WebSocketBench(server)
    try server.listen(80, interface: "other.test", on: bench.reactor)
    return bench
  }

  @Test(arguments: [301, 302, 303, 307, 308])
  func `a redirect is followed where that is asked for, and credentials stay with their origin`(status: Int) throws {
    let bench = try bench()
    let headers: HTTPFields = [.authorization: "secret"]
    #expect(open(bench, "ws://server.test/\(status)/room", headers: headers) == "/room secret server.test")
    bench.end()
    for scheme in ["ws", "http"] {
      let bench = try self.bench(to: "\(scheme)://other.test")
      #expect(open(bench, "ws://server.test/\(status)/room", headers: headers) == "/room none other.test")
      bench.end()
    }
  }

  @Test func `without being asked a redirect is an error with its Location`() throws {
    let bench = try bench(to: "ws://other.test")
    let error = open(bench, "ws://server.test/302/room?a=1", .none)
    #expect(error == "http://server.test/302/room?a=1 answered 302 Found, with the Location ws://other.test/room")
    bench.end()
  }

  @Test func `more redirects than the limit, and other schemes, are errors`() throws {
    let bench = try bench()
    #expect(open(bench, "ws://server.test/302/302/302/room") == "/room none server.test")
    let error = open(bench, "ws://server.test/302/302/302/302/room")
    #expect(error.contains("more than 3 redirects") && error.contains("on the way from http://server.test/302/302"))
    bench.end()
    let other = try self.bench(to: "ftp://other.test")
    #expect(open(other, "ws://server.test/302/room").contains("is not followed: the scheme ftp is not supported"))
    other.end()
  }

  @Test(arguments: ["ws", "http", "wss"])
  func `from wss to ws is never followed`(scheme: String) throws {
    let authority = TestAuthority()
    let bench = try bench(to: "\(scheme)://server.test")
    try bench.server.listen(
      443, interface: "server.test", tls: .server(authority.identity(for: "server.test")), on: bench.reactor)
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    let result = open(
      bench, "wss://server.test/302/room", .follow(3, allowingDowngrade: true), configuration)
    let good =
      scheme == "wss" ? result == "/room none server.test" : result.contains("from wss to ws is not followed")
    #expect(good, "\(result)")
    bench.end()
  }

  @Test func `cancelling ends it at any hop`() throws {
    for milliseconds in 0...16 {
      let bench = try bench()
      let client = HTTPClient(on: bench.reactor)
      var end = ""
      let opened = client.webSocket("ws://server.test/302/307/room", redirects: .follow())
      opened.addCallback { $0.close() }.addErrback { end = "\($0 is CancelledError)" }
      bench.run(for: .milliseconds(milliseconds))
      opened.cancel()
      bench.run(for: .seconds(30))
      #expect(end == "true" || milliseconds > 6)
      client.close()
      bench.end()
    }
  }
}
