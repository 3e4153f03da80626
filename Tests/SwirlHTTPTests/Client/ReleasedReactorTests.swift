import SwirlDeferred
import SwirlHTTPClient
import SwirlReactor
import Testing

/// A client whose reactor the program did not keep.
@Suite struct ReleasedReactorTests {
  @Test(arguments: ["callback", "deferred", "stream"])
  func `a request of a client whose reactor was released says what to do`(_ form: String) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [form] in
      let client = HTTPClient(on: Reactor())
      let request = HTTPClient.Request("http://127.0.0.1:1/")
      switch form {
      case "callback": client.fetch(request) { _ in }
      case "deferred": _ = client.fetch(request) as Deferred
      default: _ = client.stream(request) as Deferred
      }
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(
      words.contains("the reactor of this HTTPClient was released") && words.contains("`let reactor = Reactor()`"))
  }

  @Test func `such a client is closed and released in order`() {
    let client = HTTPClient(on: Reactor())
    client.close()
    #expect(client.counts.busy == 0)
  }
}
