// Counts and times of a program, sent to a statsd server as datagrams: nothing waits for them, and nothing fails
// without the server. A second socket plays the server, and adds the counts up.
// Answers to: Twisted's `listenUDP` and `DatagramProtocol`, asyncio's `create_datagram_endpoint`, `statsd` of Python.
// Run: `swift run Statsd`. Leaves out: gauges, sample rates, several metrics in a datagram.
import Swirl

var totals: [String: Int] = [:]
let server = try reactor.listenUDP(0) { datagram, _ in
  // name:value|kind
  let parts = datagram.text.split { ":|".contains($0) }
  guard parts.count == 3, let value = Int(parts[1]) else { return print("not a metric: \(datagram.text)") }
  totals[String(parts[0]), default: 0] += value
  if parts[0] == "done" {
    for (name, total) in totals.sorted(by: { $0.key < $1.key }) { print("\(name) \(total)") }
    reactor.stop()
  }
}

reactor.connectUDP("127.0.0.1", server.port)
  .addCallback { statsd in
    for page in 1...100 {
      statsd.send("pages:1|c")
      statsd.send("bytes:\(page * 10)|c")
    }
    statsd.send("not a number:x|c")
    statsd.send("done:1|c")
  }
  .addErrback { error in
    print(error)
    reactor.stop()
  }
reactor.run()
