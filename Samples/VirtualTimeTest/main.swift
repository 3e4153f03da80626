// A test without waiting and without sockets: a client that polls, retries and times out, on virtual time and with a
// server made of a script. An hour passes in a moment.
// Answers to: Twisted's task.Clock and trial, trio's MockClock, tokio's time::pause.
// Run: `swift run VirtualTimeTest`. In a package of tests each function is a `@Test(.failsOnUnhandledFailures)`, and
// each `expect` a `#expect`.
import Swirl
import SwirlTesting

func expect(_ what: String, _ isTrue: Bool) { print("\(isTrue ? "ok" : "FAILED"): \(what)") }

/// The code under test: asks for the price each minute, until it is below a limit.
func waitForPrice(below limit: Int, _ client: HTTPClient, on reactor: Reactor) -> Deferred<Int> {
  client.fetch("https://shop.test/price").addCallback { page in
    let price = Int(page.text) ?? .max
    if price < limit { return .succeed(price) }
    return reactor.sleep(.seconds(60)).addCallback { waitForPrice(below: limit, client, on: reactor) }
  }
}

func itAsksEachMinute() {
  let reactor = Reactor(clock: .virtual())
  let start = reactor.now
  // The price falls by one each minute.
  let client = HTTPClient(
    answering: { _ in .init(text: "\(100 - (reactor.now - start).components.seconds / 60)") }, on: reactor)
  var found: Int?
  waitForPrice(below: 41, client, on: reactor).addCallback { found = $0 }
  reactor.runUntilIdle()
  expect("the price is found", found == 40)
  expect("after an hour", reactor.now - start == .seconds(3600))
}

func itRetries() {
  let reactor = Reactor(clock: .virtual())
  let server = MockServer()
  server.on("/price", .answer(.init(.serviceUnavailable)), .after(.seconds(5), .answer(.init(text: "40"))))
  let client = HTTPClient(answering: server.answer, on: reactor)
  client.intercept(.retry())
  var found: Int?
  waitForPrice(below: 41, client, on: reactor).addCallback { found = $0 }
  reactor.runUntilIdle()
  expect("it asked twice", found == 40 && server.requests.count == 2)
}

func itGivesUp() {
  let reactor = Reactor(clock: .virtual())
  let server = MockServer()
  server.on("/price", .silence)
  let client = HTTPClient(answering: server.answer, on: reactor)
  var failure: (any Error)?
  let price = waitForPrice(below: 41, client, on: reactor).addTimeout(.seconds(10), clock: reactor)
  price.addErrback { error in
    failure = error
    return 0
  }
  reactor.runUntilIdle()
  expect("it gave up in time", failure is TimeoutError)
}

itAsksEachMinute()
itRetries()
itGivesUp()
