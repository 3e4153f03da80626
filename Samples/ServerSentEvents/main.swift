// A ticker by server-sent events: a server that sends each price to all clients, and to one that reconnects what it
// has missed; and a client whose connection breaks after three prices.
// Answers to: MDN's "Using server-sent events" (EventSource), Tornado's and aiohttp's examples of SSE.
// Run: `swift run ServerSentEvents`. Leaves out: a page for browsers, which read the same URL by `EventSource`.
import Swirl

var prices: [Int] = []
var clients: [HTTPServer.EventWriter] = []

let server = HTTPServer { request in
  .events { client in
    let first = request["Last-Event-ID"].flatMap { Int($0) } ?? prices.count
    for (index, price) in prices.enumerated().dropFirst(first) { client.send("\(price)", id: "\(index + 1)") }
    clients.append(client)
    client.onDisconnect = { [unowned client] in clients.removeAll { $0 === client } }
  }
}
let address = try server.listen(0).localAddress

let ticker = LoopingCall(clock: reactor) {
  if prices.isEmpty, clients.isEmpty { return }  // No client yet.
  prices.append(100 + 3 * prices.count % 7)
  clients.broadcast("\(prices.last!)", id: "\(prices.count)")
  if prices.count == 3 { for client in clients { client.end() } }
}
ticker.start(every: .milliseconds(20))

var configuration = EventSource.Configuration()
configuration.reconnectionTime = .milliseconds(50)
let source = events("http://\(address)/prices", configuration: configuration)
source.onInterruption { _ in print("the connection ended after price \(source.lastEventID)") }
  .onEvent { event in
    print("price \(event.id ?? "?"): \(event.data)")
    if event.id == "6" {
      source.close()
      reactor.stop()
    }
  }
reactor.run()
