import Swirl

/// Requests and responses, typed errbacks and the rest of a reactor's kit, as people write them by guess.
@MainActor struct Kit {
  let base: String

  func run() async throws {
    try await errbacks()
    try await gathers()
    try await shields()
    try await requests()
    reactors()
  }

  private func errbacks() async throws {
    let down = "http://127.0.0.1:1/"
    let text = try await fetch(down).addCallback(\.text).addErrback(HTTPError.self) { _ in "down" }.value
    check("catchesAType", text == "down")
    fetch(down).addErrback(TimeoutError.self) { _ in fetch(base + "/kit") }.addCallback(\.text)
      .addErrback(HTTPError.self) { error in error.url.description }
      .addCallback { check("passesOtherTypesOn", $0.contains("127.0.0.1:1")) }
    fetch(down).addErrback(HTTPError.self) { error in print("as expected:", error.code) }
      .addCallback { page in check("catchesWithoutAValue", page == nil) }
    fetch(down).addCallback(\.text).addErrback { error in try error.trap(HTTPError.self).url.description }
      .addCallback { check("traps", !$0.isEmpty) }
  }

  private func gathers() async throws {
    let pages = try await gather(["one": fetch(base + "/one"), "two": fetch(base + "/two")])
    check("gathersByKey", pages["one"]?.text == "page /one" && pages["two"]?.text == "page /two")
    gather([1: fetch(base + "/1"), 2: fetch(base + "/2")]).addCallback { pages in
      check("gathersByKeyWithACallback", pages.mapValues(\.text) == [1: "page /1", 2: "page /2"])
    }
  }

  private func shields() async throws {
    let saved: Deferred = fetch(base + "/saved")
    shield(saved).addTimeout(.zero, clock: reactor).addErrback(TimeoutError.self) { _ in print("too slow") }
    check("shields", try await saved.value.text == "page /saved")
    check("shieldsAwaited", try await shield(saved).text == "page /saved")
  }

  /// Words that the server answers in capitals.
  private struct Shouting: RequestFormat {
    let framing: any Framing = LineFraming()
    func write(_ request: String, id: Int, to bytes: inout [UInt8]) { bytes += "\(request)\r\n".utf8 }
    func read(_ frame: [UInt8]) -> RequestMessage<String>? { .response(String(decoding: frame, as: UTF8.self)) }
  }

  private final class Shouter: LineReceiver {
    override func lineReceived(_ line: String) { try? sendLine(line.uppercased()) }
  }

  private func requests() async throws {
    let listener = try reactor.listenTCP(0) { _ in Shouter() }
    let client = RequestClient("127.0.0.1", listener.localAddress.port) { Shouting() }
    check("asks", try await client.send("hello") == "HELLO")
    let answers = try await gatherResults(["a", "b", "c"].map { client.send($0) })
    check("asksInARow", answers == ["A", "B", "C"])
    client.send("callback") { result in check("asksWithACallback", try result.get() == "CALLBACK") }
    client.send("chain", timeout: .seconds(5)).addCallback { check("asksWithADeferred", $0 == "CHAIN") }
      .addErrback(RequestError.self) { error in print(error.wasSent) }
    try await client.close().value
    let connection = try await reactor.connectTCP("127.0.0.1", listener.localAddress.port) {
      RequestConnection(Shouting())
    }.value
    check("asksOnAConnection", try await connection.send("one") == "ONE")
    connection.close()
    listener.stop()
  }

  private func reactors() {
    reactor.threadPool.size = 4
    check("resizesAPool", reactor.threadPool.size == 4 && reactor.readers.isEmpty && reactor.writers.isEmpty)
    reactor.onError = { error in check("hearsOfErrors", error.error is CancelledError && error.site != nil) }
    reactor.callSoon {
      defer { reactor.callSoon { reactor.onError = nil } }
      throw CancelledError()
    }
  }
}
