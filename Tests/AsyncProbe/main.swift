// Scenarios of a program with an async main, written as users write it. The tests run this and read its output.
import Swirl
import SwirlPlatform

// Ends the process, so that a failure does not hang.
alarm(20)

let scenario = CommandLine.arguments.dropFirst().first ?? ""
switch scenario {
case "value":
  deferredDebugging = true
  let answer = Deferred<Int>()
  reactor.callLater(.milliseconds(2)) { answer.callback(42) }
  print("got", try await answer.value)
  try await reactor.sleep(.milliseconds(2)).value
  try await Task.sleep(for: .milliseconds(2))
  print("and", try await reactor.sleep(.milliseconds(2)).addCallback { 43 }.value)

case "server":
  let server = HTTPServer { request in .text("hello from \(request.path)") }
  let url = "http://\(try server.listen(0).localAddress)"
  // First with the client of another thread, since the main thread runs its reactor only when it is free.
  print(try await fetch("\(url)/a").text)
  print(try await fetch("\(url)/b").text)
  let text = try await fetch("\(url)/c").addCallback(\.text).value
  print(text)
  let page = try await fetch("\(url)/d").value
  print(page.text)

case "stop":
  let answer = Deferred<Int>()
  reactor.addSystemEventTrigger(.before, .shutdown) { () -> Void in print("shutdown") }
  reactor.callSoon {
    reactor.stop()
    answer.callback(1)
  }
  print("got", try await answer.value)
  try await Task.sleep(for: .milliseconds(2))
  print("goes on", reactor.isRunning)

case "run":
  reactor.run()

case "after stop":
  // The main reactor has stopped; then main waits for what only it can fire.
  DeferredReport.setHandler { report in
    print(report)
    exit(0)
  }
  reactor.callLater(.milliseconds(2)) { reactor.stop() }
  print("stopped", try await reactor.sleep(.milliseconds(1)).addCallback { true }.value)
  try await Task.sleep(for: .milliseconds(10))
  let answer = Deferred<Int>()
  reactor.callLater(.milliseconds(2)) { answer.callback(42) }
  print("got", try await answer.value)

case "too late":
  try await Task.sleep(for: .milliseconds(2))
  reactor.callLater(.zero) { print("never") }
  try await Task.sleep(for: .milliseconds(2))

case "without a reactor":
  try await Task.sleep(for: .milliseconds(2))
  fetch("http://127.0.0.1:1/") { _ in }

case "fetch first":
  // A program that has not touched the main reactor, and whose first await is a fetch of another thread's server.
  let thread = ReactorThread()
  func listen() throws -> String {
    try thread.remote.blockingCall { reactor in
      try "\(HTTPServer { request in .text("hello from \(request.path)") }.listen(0, on: reactor).localAddress)"
    }
  }
  let address = try listen()
  print(try await fetch("http://\(address)/a").text)
  print(try await fetch("http://\(address)/b").addCallback(\.text).value)
  print(try await deferToThread { 42 }.value)
  let pages = ["c", "d"].map { page -> Deferred<HTTPClient.Response> in fetch("http://\(address)/\(page)") }
  print(try await gatherResults(pages).value.map(\.text))

case "late main":
  // The main reactor comes too late, since main has waited already.
  try await Task.sleep(for: .milliseconds(2))
  deferToThread { 42 }.addCallback { print($0) }

case "actor":
  actor Plain {
    func page() async throws -> String {
      try await Task.sleep(for: .milliseconds(1))
      return try await fetch("http://127.0.0.1:1/").addCallback(\.text).value
    }
  }
  print(try await Plain().page())

case "never":
  DeferredReport.setHandler { report in
    print(report)
    exit(0)
  }
  print(try await Deferred<Int>().value)

case "later":
  // Longer than it takes until an await that nothing can end is reported.
  DeferredReport.setHandler { print($0) }
  let answer = Deferred<Int>()
  reactor.callLater(.seconds(4)) { answer.callback(42) }
  print(try await answer.value)

case "end":
  let answer = Deferred<String>()
  let silent = try HTTPServer { _ in answer.addCallback { .text($0) } }.listen(0).localAddress
  try await reactor.sleep(.milliseconds(1)).value
  fetch("http://\(silent)/").addCallback { print($0.text) }

case "timeout":
  let answer = Deferred<String>()
  let silent = try HTTPServer { _ in answer.addCallback { .text($0) } }.listen(0).localAddress
  let page: Deferred = fetch("http://\(silent)/slow").addCallback { $0.text.count }
  do {
    print(try await page.addTimeout(.milliseconds(5), clock: reactor).value)
  } catch { print("\(error)".replacing("\(silent)", with: "SERVER")) }

case "answered":
  let server = try HTTPServer { _ in .text("hello") }.listen(0).localAddress
  // Its connection is still closing when main ends.
  print(try await fetch(HTTPClient.Request("http://\(server)/", headers: [.connection: "close"])).text)

case "forgotten":
  fetch("http://127.0.0.1:1/") { _ in }

case "only threads":
  let thread = ReactorThread()
  print(try await thread.run { _ in 1 })
  await thread.stop()

default: print("no such scenario: \(scenario)")
}
