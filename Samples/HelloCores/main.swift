// The same hello on all cores: a reactor on each, one port for all of them. What the closure makes belongs to one
// reactor alone, here a count of requests; the compiler refuses what they would share.
// Answers to: Tornado's `fork_processes(0)`, gunicorn's workers, nginx's `worker_processes auto` with `reuseport`.
// Run: `swift run HelloCores PORT [REACTORS] [acceptor]`. Leaves out: what they share, for which there are databases.
import Glibc
import Swirl

let arguments = CommandLine.arguments
let port = arguments.count > 1 ? Int(arguments[1]) ?? 8080 : 8080
let group = ReactorGroup(count: arguments.count > 2 ? Int(arguments[2]) ?? 1 : ReactorGroup.processorCount)
let distribution: HTTPServerGroup.Distribution = arguments.last == "acceptor" ? .acceptor : .automatic

group.listen(port, distribution: distribution) {
  var requests = 0
  return HTTPServer { request in
    requests += 1
    guard request.path == "/work" else { return .text("hello, request \(requests) of this reactor\n") }
    // A handler that computes: xorshift, which no compiler shortens.
    var sum = UInt64(requests)
    for _ in 0..<200_000 {
      sum ^= sum << 13
      sum ^= sum >> 7
      sum ^= sum << 17
    }
    return .text("\(sum)\n")
  }
}
.addCallback { servers in
  print("\(group.threads.count) reactors serve http://\(servers.localAddress)/")
  fflush(nil)
}
.addErrback { error in
  print(error)
  reactor.stop()
}
// Ctrl-C stops the main reactor, and it the servers: requests in progress end.
reactor.run()
