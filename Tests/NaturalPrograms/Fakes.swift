import Swirl
import SwirlTesting

/// A program whose surroundings are all fakes: no socket is opened, and no time passes.
@MainActor struct Fakes {
  func run() throws {
    clientWithoutASocket()
    clientWithAScript()
    try handlerWithoutAServer()
    minuteInAMoment()
    try lostConnection()
  }

  private func clientWithoutASocket() {
    let reactor = Reactor(clock: .virtual())
    let client = HTTPClient(answering: { request in .init(text: "hello from \(request.url)") }, on: reactor)
    client.fetch("https://shop.test/").addCallback { page in
      check("clientWithoutASocket", page.text == "hello from https://shop.test/")
    }
    reactor.runUntilIdle()
  }

  /// Timeouts and interceptors are those of any client.
  private func clientWithAScript() {
    let reactor = Reactor(clock: .virtual())
    let server = MockServer()
    server.on("/busy", .answer(.init(.serviceUnavailable)), .after(.seconds(5), .answer(.init(text: "at last"))))
    server.on("/dead", .silence)
    let client = HTTPClient(answering: server.answer, on: reactor)
    client.intercept(.retry())
    client.fetch("https://shop.test/busy").addCallback { page in
      check("clientRetries", page.text == "at last" && server.requests.count == 2)
    }
    reactor.runUntilIdle()
    client.fetch(HTTPClient.Request("https://shop.test/dead", timeout: .seconds(20))).addErrback { error in
      check("clientTimesOut", (error as? HTTPError)?.code == .timeout)
    }
    reactor.runUntilIdle()
  }

  private func price(_ request: HTTPServer.Request) throws -> HTTPServer.Response {
    guard request.path == "/price", let item = request.queryValue("of") else { throw HTTPServer.StatusError(.notFound) }
    return .text("\(item): 5")
  }

  private func handlerWithoutAServer() throws {
    let response = try price(HTTPServer.Request("/price?of=tea"))
    check("handlerWithoutAServer", response.text == "tea: 5")
    let reactor = Reactor(clock: .virtual())
    HTTPServer { try price($0) }.respond(to: try HTTPServer.Request("/nothing"), on: reactor).addCallback { response in
      check("serverWithoutASocket", response.status == .notFound)
    }
    reactor.runUntilIdle()
  }

  private func minuteInAMoment() {
    let reactor = Reactor(clock: .virtual(seed: 1))
    var ticks = 0
    let loop = LoopingCall(clock: reactor) { ticks += 1 }
    loop.start(every: .seconds(1), now: false)
    let start = ContinuousClock.now
    reactor.run(for: .seconds(60))
    check("minuteInAMoment", ticks == 60 && ContinuousClock.now - start < .seconds(6))
  }

  private func lostConnection() throws {
    let network = MemoryNetwork(seed: 1)
    let server = HTTPServer { request in .text("hello, \(request.path)") }
    try server.listen(80, interface: "shop.test", on: network.reactor)
    let client = HTTPClient(on: network.reactor)
    client.fetch("http://shop.test/a").addCallback { page in check("memoryNetwork", page.text == "hello, /a") }
    network.reactor.run(for: .seconds(1))
    // The kept connection is reset while a request is on its way: the client sends it again.
    client.fetch("http://shop.test/b").addCallback { page in check("lostConnection", page.text == "hello, /b") }
    network.reactor.callSoon { network.reset("shop.test") }
    network.reactor.run(for: .seconds(1))
    // The network is down, then it is up again.
    network.cut("shop.test")
    client.fetch("http://shop.test/c").addCallback { page in check("networkIsMended", page.text == "hello, /c") }
    network.reactor.callLater(.seconds(3)) { network.mend("shop.test") }
    network.reactor.run(for: .seconds(10))
    client.close()
    server.stop()
    network.reactor.runUntilIdle()
  }
}
