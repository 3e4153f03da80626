// A server that is replaced while it serves, and loses no connection: at SIGHUP it starts its program again and hands
// its listening socket over. When the new process is ready, the old one answers with `Connection: close`, closes idle
// connections after five seconds, and exits.
// Answers to: nginx's upgrade on the fly, Go's tableflip, gunicorn's graceful restart.
// Run: `swift run GracefulRestart PORT`, then `kill -HUP PROCESS`. Leaves out: systemd, whose unit needs `Type=notify`
// and `NotifyAccess=all`.
import Glibc
import Swirl

let port = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 8080 : 8080
let process = getpid()

let server = HTTPServer { request in
  // Long enough to be under way when the signal comes.
  let delay = Duration.seconds(request.path == "/slow" ? 1 : 0)
  return reactor.sleep(delay).addCallback { .text("answered by \(process)\n") }
}

// What the old process has handed over, or systemd; nothing at the first start.
let inherited = try ListeningSocket.inherited()
let listener = try inherited.first.map { try server.listen(inherited: $0) } ?? server.listen(port)
print("process \(process) serves http://\(listener.localAddress)/")
fflush(nil)
Readiness.announce()

reactor.addSignalHandler(SIGHUP) {
  reactor.restart(handing: [try listener.listeningSocket()])
    .addCallback { _ in server.stop(idleFor: .seconds(5)) }
    .addCallback { reactor.stop() }
    .addErrback { error in print("process \(process) serves on: \(error)") }
}
// SIGTERM and SIGINT stop it: no more connections, requests in progress end, idle connections close.
reactor.run()
print("process \(process) has answered all")
