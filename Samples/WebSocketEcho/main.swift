// A WebSocket from both ends: a server that echoes each message when the client has taken the last, and a client that
// sends three texts and closes.
// Answers to: Tornado's `WebSocketHandler` and `websocket_connect`, the echo of Autobahn, aiohttp's `ws_connect`.
// Run: `swift run WebSocketEcho`. Leaves out: subprotocols, compression, a list of allowed origins.
import Swirl

let server = HTTPServer { request in
  .webSocket { socket in
    socket.onMessage { message in socket.send(message) }
    socket.onClose { print("server: closed with \($0)") }
  }
}
let address = try server.listen(0).localAddress

webSocket("ws://\(address)/echo")
  .addCallback { socket in
    var left = 3
    socket.onText { text in
      print("client: \(text)")
      left -= 1
      if left == 0 { socket.close(reason: "enough") }
    }
    socket.onClose { _ in reactor.stop() }
    for number in 1...3 { socket.send("message \(number)") }
  }
  .addErrback { error in
    print(error)
    reactor.stop()
  }
reactor.run()
