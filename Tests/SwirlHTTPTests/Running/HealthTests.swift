import HTTPTypes
import Logging
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// What load balancers and supervisors ask for.
@Suite struct HealthTests {
  private struct Broken: Error, CustomStringConvertible { var description: String { "no route to 10.0.0.7" } }

  /// What is answered to requests in turn.
  private func answers(
    of router: Router, to paths: [String], _ configuration: HTTPServer.Configuration = .init()
  ) throws -> [String] {
    var answers: [String] = []
    try serving(HTTPServer(configuration: configuration, router), isVirtual: true) { reactor, port in
      let client = HTTPClient(on: reactor)
      return gatherResults(paths, atMost: 1) { client.fetch("http://127.0.0.1:\(port)\($0)") }.addCallback { pages in
        answers = pages.map { "\($0.status.code) \($0.text)" }
        client.close()
      }
    }
    return answers
  }

  @Test func `liveness and readiness of a server without checks`() throws {
    let router = Router()
    router.health()
    router.readiness()
    #expect(
      try answers(of: router, to: ["/healthz", "/readyz"]) == [
        "200 ok\n", "200 {\"status\":\"ready\",\"checks\":{}}\n",
      ])
  }

  @Test func `a check that fails or takes too long makes it unready, and is logged once`() throws {
    let router = Router()
    var isBroken = true
    var cancelled = 0
    var searches: [Deferred<Int>] = []
    router.readiness(
      "/ready",
      checks: [
        .awaiting("database") { if isBroken { throw Broken() } },
        .init("search", timeout: .seconds(1)) { () -> Deferred<Int> in
          if !isBroken { return .succeed(7) }
          let search = Deferred<Int>(canceller: { _ in cancelled += 1 })
          searches.append(search)
          return search
        },
        .awaiting("a \"name\"") { await Task.yield() },
      ])
    router.get("/mend") { _ in
      isBroken = false
      return .text("")
    }
    let bad = #"503 {"status":"unready","checks":{"database":"failed","search":"timeout","a \"name\"":"ok"}}"# + "\n"
    let good = #"200 {"status":"ready","checks":{"database":"ok","search":"ok","a \"name\"":"ok"}}"# + "\n"
    #expect(try answers(of: router, to: ["/ready", "/ready", "/mend", "/ready"]) == [bad, bad, "200 ", good])
    #expect(cancelled == 2)
  }

  @Test func `requests that come meanwhile share a run, and one that leaves takes nothing from the others`() throws {
    var runs = 0
    let reactor = Reactor(clock: .virtual())
    let readiness = Readiness([
      .init("slow") { () -> Deferred<Void> in
        runs += 1
        return reactor.sleep(.seconds(1))
      }
    ])
    let lines = LogLines()
    readiness.logger = lines.logger()
    var statuses: [Int] = []
    reactor.callSoon {
      let request = try HTTPServer.Request("/readyz")
      let first = readiness.answer(request)
      first.addErrback { _ in .text("") }
      readiness.answer(request).addCallback { statuses.append($0.status.code) }
      first.cancel()
    }
    reactor.runUntilIdle()
    #expect(runs == 1 && statuses == [200] && lines.all == [])
  }

  @Test func `only a change is logged, with its reason`() throws {
    let reactor = Reactor(clock: .virtual())
    var isBroken = true
    let readiness = Readiness([.awaiting("database") { if isBroken { throw Broken() } }])
    let lines = LogLines()
    readiness.logger = lines.logger()
    reactor.callSoon {
      let request = try HTTPServer.Request("/readyz")
      readiness.answer(request).addCallback { _ in readiness.answer(request) }.addCallback { _ in
        isBroken = false
        return readiness.answer(request)
      }.addCallback { _ in }
    }
    reactor.runUntilIdle()
    #expect(
      lines.all == [
        "error not ready: the check database is not met: no route to 10.0.0.7",
        "notice the check database is met again",
      ])
  }

  // MARK: - Stopping

  /// Asks at these times, on a connection each, while the server is stopped at one second.
  private func answersAround(stop: @escaping (HTTPServer) -> Deferred<Void>, at seconds: [Double]) throws -> [String] {
    let router = Router()
    router.health()
    router.readiness()
    var configuration = HTTPServer.Configuration()
    configuration.stopNotice = .seconds(4)
    let server = HTTPServer(configuration: configuration, router)
    var answers: [String] = seconds.map { _ in "" }
    try serving(server, isVirtual: true) { reactor, port in
      let asked = seconds.enumerated().map { index, second in
        reactor.sleep(.seconds(second)).addCallback { () -> Deferred<Void> in
          let client = HTTPClient(on: reactor)
          return client.fetch("http://127.0.0.1:\(port)/readyz").addBoth { result in
            answers[index] = (try? result.get()).map { "\($0.status.code)" } ?? "refused"
            client.close()
          }
        }
      }
      let stopped = reactor.sleep(.seconds(1)).addCallback { stop(server) }
      return gatherResults(asked + [stopped]).addCallback { _ in }
    }
    #expect(server.isStopping)
    return answers
  }

  @Test func `with a notice a stop begins with readiness alone`() throws {
    #expect(try answersAround(stop: { $0.stop() }, at: [0.5, 1.5, 4.5, 5.5]) == ["200", "503", "503", "refused"])
  }

  @Test func `two stops share a notice, and both wait for its end`() throws {
    let stop = { (server: HTTPServer) in gatherResults([server.stop(), server.stop()]).addCallback { _ in } }
    #expect(try answersAround(stop: stop, at: [4.5, 5.5]) == ["503", "refused"])
  }

  @Test func `a stop without a grace period, or one that is cancelled, waits for no notice`() throws {
    #expect(try answersAround(stop: { $0.stop(within: .zero) }, at: [0.5, 1.5]) == ["200", "refused"])
    let cancelled = { (server: HTTPServer) -> Deferred<Void> in
      let stopped = server.stop()
      stopped.cancel()
      return stopped
    }
    #expect(try answersAround(stop: cancelled, at: [0.5, 1.5]) == ["200", "refused"])
  }

  @Test func `a server that listens again is ready`() throws {
    let network = MemoryNetwork()
    let reactor = network.reactor
    let server = HTTPServer { request in .text("\(request.connection.server?.isStopping ?? true)") }
    try server.listen(0, on: reactor)
    server.stop()
    #expect(server.isStopping)
    try server.listen(0, on: reactor)
    #expect(!server.isStopping)
    server.stop()
  }
}
