// What a program does whose main is async, a scenario at a time, written as people write it: the tests run this and read what it prints.
import Swirl
import SwirlPlatform

// So that a failure is no hang.
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
  // In the first place with the client of another thread, since the main one runs when it is free.
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

case "too late":
  try await Task.sleep(for: .milliseconds(2))
  reactor.callLater(.zero) { print("never") }
  try await Task.sleep(for: .milliseconds(2))

case "without a reactor":
  try await Task.sleep(for: .milliseconds(2))
  fetch("http://127.0.0.1:1/") { _ in }

case "forgotten":
  fetch("http://127.0.0.1:1/") { _ in }

case "only threads":
  let thread = ReactorThread()
  print(try await thread.run { _ in 1 })
  await thread.stop()

default: print("no such scenario: \(scenario)")
}
