// One operation of the library, COUNT times and nothing else: `Operations fetch COUNT PORT`. A run with twice the
// count, minus a run with the count, gives the cost of the operations alone.
import Glibc
import Swirl

let arguments = CommandLine.arguments
guard arguments.count >= 3, let count = Int(arguments[2]) else { fatalError("usage: Operations NAME COUNT [PORT]") }

switch arguments[1] {
case "fetch": fetchOneAfterAnother("http://127.0.0.1:\(arguments[3])/")
case "fetch-deferred": fetchDeferred("http://127.0.0.1:\(arguments[3])/")
case "hello": try serve { HTTPServer($0) }
case "hello-routed": try serve(routed)
case "chain": chainsOfThree()
case "timer": addAndCancelTimers()
case "call-from-thread": callFromThread()
default: fatalError("no operation \(arguments[1])")
}

/// Over one connection, so that every run makes the same system calls.
@MainActor func fetchOneAfterAnother(_ url: String) {
  var left = count
  func next() {
    fetch(url) { result in
      let page = try result.get()
      precondition(page.body.count == 100)
      left -= 1
      left > 0 ? next() : reactor.stop()
    }
  }
  next()
  reactor.run()
}

@MainActor func fetchDeferred(_ url: String) {
  var left = count
  func next() {
    fetch(url)
      .addCallback { page in
        precondition(page.body.count == 100)
        left -= 1
        left > 0 ? next() : reactor.stop()
      }
      .addErrback { error in
        print(error)
        exit(1)
      }
  }
  next()
  reactor.run()
}

/// The route that is asked for among 99 others, of which some share its beginning.
@MainActor func routed(_ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response) -> HTTPServer {
  let router = Router()
  for number in 0..<33 {
    router.get("/users\(number)/{id}", handler)
    router.post("/hello/\(number)/{name}", handler)
    router.get("/static/\(number)/{path*}", handler)
  }
  router.get("/hello", handler)
  return HTTPServer(router)
}

@MainActor func serve(
  _ makeServer: (@escaping (HTTPServer.Request) throws -> HTTPServer.Response) -> HTTPServer
) throws {
  var left = count
  let server = makeServer { _ in
    left -= 1
    // Stop later, so that the response is written first.
    if left == 0 { reactor.callLater(.milliseconds(10)) { reactor.crash() } }
    return .text("hello")
  }
  print(try server.listen(0).localAddress.port)
  fflush(nil)
  reactor.run()
}

@MainActor func chainsOfThree() {
  var sum = 0
  for index in 0..<count {
    Deferred.succeed(index).addCallback { $0 &+ 1 }.addCallback { $0 &+ 1 }.addCallback { sum &+= $0 }
  }
  precondition(sum > 0)
}

/// A hundred per turn.
@MainActor func addAndCancelTimers() {
  var left = count
  func turn() {
    for index in 0..<100 { reactor.callLater(.milliseconds(60_000 + index)) {}.cancel() }
    left -= 100
    left > 0 ? reactor.callSoon { turn() } : reactor.stop()
  }
  reactor.callSoon { turn() }
  reactor.run()
}

/// A hundred at a time, while the loop waits for the calling thread, so that the number of wakeups is always the same.
@MainActor func callFromThread() {
  let remote = reactor.remote
  let turns = count / 100
  let (toThread, toLoop) = (Pipe(), Pipe())
  var left = count
  let thread = ThreadPool(size: 1)
  _ = thread.run {
    for _ in 0..<turns {
      toThread.wait()
      for _ in 0..<100 { remote.callFromThread { reactor in Counter.called(reactor) } }
      toLoop.signal()
    }
  }
  Counter.onHundred = {
    left -= 100
    if left == 0 { return reactor.stop() }
    toThread.signal()
    toLoop.wait()
  }
  reactor.callWhenRunning {
    toThread.signal()
    toLoop.wait()
  }
  reactor.run()
}
