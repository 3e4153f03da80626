import Foundation
import Swirl

/// What people write by guess, from other libraries and from this one's own patterns.
@MainActor struct Guesses {
  let base: String

  func run() async throws {
    try await fetchesAFoundationURL()
    try await gathersAwaited()
    try await timesOut()
    fieldsByText()
    portsAreOneType()
    signalsWithoutGlibc()
  }

  private func fetchesAFoundationURL() async throws {
    let url = URL(string: base + "/url")!
    let page = try await fetch(url)
    check("fetchesAFoundationURL", page.text == "page /url")
    fetch(url).addCallback { page in check("fetchesAFoundationURLWithADeferred", page.status == 200) }
    fetch(url) { result in check("fetchesAFoundationURLWithACallback", try result.get().status == 200) }
  }

  private func gathersAwaited() async throws {
    let (page, number) = try await gather(fetch(base + "/1"), Deferred { 2 })
    check("gathersAwaited", page.status == 200 && number == 2)
    let pages = try await gatherResults(["/1", "/2", "/3"].map { fetch(base + $0) })
    check("gathersAListAwaited", pages.map(\.text) == ["page /1", "page /2", "page /3"])
    let total = try await gatherResults([Deferred { 1 }, Deferred { 2 }]).addCallback { $0.reduce(0, +) }.value
    check("gathersAndChains", total == 3)
  }

  private func timesOut() async throws {
    var tries = 0
    do {
      try await withTimeout(.milliseconds(1)) {
        tries += 1
        try await reactor.sleep(.seconds(1000)).value
      }
    } catch is TimeoutError { check("timesOut", tries == 1) }
    let page = try await withTimeout(.seconds(60)) { try await fetch(base + "/in-time") }
    check("isInTime", page.text == "page /in-time")
    check("isInTimeElsewhere", try await elsewhere(base).hasSuffix("/elsewhere"))
  }

  private func fieldsByText() {
    var request = HTTPClient.Request(base, headers: ["X-Token": "t", "Accept": "text/html"])
    request.headers["X-Other"] = "o"
    check("fieldsByText", request.headers["x-token"] == "t" && request.headers[.accept] == "text/html")
    let plain = HTTPClient.Request(base, headers: [:])
    check("noFields", plain.headers.isEmpty)
    let page = HTTPServer.Response.html("<p>", headers: [.eTag: "\"1\""]).with("X-Token", "t")
    check("fieldsOfAResponse", page.headers["X-Token"] == "t" && page.headers[.eTag] == "\"1\"")
  }

  private func portsAreOneType() {
    do {
      let listener = try HTTPServer { _ in .text("hello") }.listen(0)
      let port = listener.localAddress.port
      reactor.openConnection("127.0.0.1", port).addCallback { connection in
        check("portsAreOneType", connection.peerAddress?.port == port)
        connection.close()
        listener.stop()
      }
    } catch { print(error) }
  }

  private func signalsWithoutGlibc() {
    let handler = reactor.addSignalHandler(SIGUSR1) { print("a signal") }
    reactor.removeSignalHandler(handler)
    check("signalsWithoutGlibc", SIGUSR1 > 0)
  }
}

/// An async function of no actor.
func elsewhere(_ base: String) async throws -> String {
  try await withTimeout(.seconds(60)) { try await fetch(base + "/elsewhere").text }
}
