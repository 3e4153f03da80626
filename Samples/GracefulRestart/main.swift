// A server that is replaced while it serves: the new process ends the old one by SIGTERM, and listens as soon as the
// port is free; the old one answers what it has accepted, then exits.
// Answers to: nginx's upgrade on the fly, Twisted's and gunicorn's graceful restart.
// Run: `swift run GracefulRestart PORT`, then `swift run GracefulRestart PORT OLD_PROCESS_ID`. Leaves out: passing the
// listening socket itself: for some milliseconds connections are refused.
import Glibc
import Swirl

let arguments = CommandLine.arguments
let port = arguments.count > 1 ? Int(arguments[1]) ?? 8080 : 8080
let process = getpid()

let server = HTTPServer { request in
  // Long enough to be under way when the signal comes.
  let delay = Duration.seconds(request.path == "/slow" ? 1 : 0)
  return reactor.sleep(delay).addCallback { .text("answered by \(process)\n") }
}

@MainActor func listen() throws {
  do {
    let address = try server.listen(port).localAddress
    print("process \(process) serves http://\(address)/")
    fflush(nil)
  } catch let error as NetError where error.errno == EADDRINUSE {
    // The old one still listens.
    reactor.callLater(.milliseconds(5)) { try listen() }
  }
}

if arguments.count > 2, let old = Int32(arguments[2]) { kill(old, SIGTERM) }
try listen()
// SIGTERM and SIGINT stop it: no more connections, requests in progress end, idle connections close.
reactor.run()
print("process \(process) has answered all")
