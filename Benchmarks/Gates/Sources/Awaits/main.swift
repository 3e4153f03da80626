// One operation that awaits, COUNT times, as in Operations: `Awaits fetch COUNT PORT`. A separate program, so that the
// others can still measure commits that have no async API.
import Dispatch
import Glibc
import Swirl

let arguments = CommandLine.arguments
guard arguments.count >= 3, let count = Int(arguments[2]) else { fatalError("usage: Awaits NAME COUNT [PORT]") }

switch arguments[1] {
case "fetch": try fetchOnMain("http://127.0.0.1:\(arguments[3])/")
case "fetch-actor": fetchInActor("http://127.0.0.1:\(arguments[3])/")
case "hello": try serveHello()
case "main": try awaitOnMain()
case "actor": awaitInActor()
default: fatalError("no operation \(arguments[1])")
}

@MainActor func fetchOnMain(_ url: String) throws {
  try runUntilComplete {
    for _ in 0..<count {
      let page = try await fetch(url)
      precondition(page.body.count == 100)
    }
  }
}

func fetchInActor(_ url: String) {
  block {
    let thread = ReactorThread()
    try await Resident(on: thread).fetch(count, url)
    await thread.stop()
  }
}

@MainActor func serveHello() throws {
  var left = count
  let server = HTTPServer { _ in
    left -= 1
    // Stop later, so that the response is written first.
    if left == 0 { reactor.callLater(.milliseconds(10)) { reactor.crash() } }
    return Deferred { await .text(hello()) }
  }
  print(try server.listen(0).localAddress.port)
  fflush(nil)
  reactor.run()
}

@MainActor func hello() async -> String { "hello" }

/// Fires in the next turn.
func soon() -> Deferred<Int> {
  let deferred = Deferred<Int>()
  Reactor.current.callSoon { deferred.callback(1) }
  return deferred
}

/// A hundred tasks, which share the cost of a turn.
@MainActor func awaitOnMain() throws {
  try runUntilComplete {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 0..<100 { tasks.addTask { try await awaitTurnsOnMain() } }
    }
  }
}

@MainActor @Sendable func awaitTurnsOnMain() async throws {
  for _ in 0..<count / 100 { _ = try await soon().value }
}

func awaitInActor() {
  block {
    let thread = ReactorThread()
    try await Resident(on: thread).awaitTurns(count)
    await thread.stop()
  }
}

/// Runs `body` on Swift's thread pool, and blocks this thread until it has ended.
func block(_ body: @escaping @Sendable () async throws -> Void) {
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    do { try await body() } catch { preconditionFailure("\(error)") }
    done.signal()
  }
  done.wait()
}
