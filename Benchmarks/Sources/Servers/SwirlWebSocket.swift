import Swirl

/// Sends each message back when the client has taken the last; compression, where the client offers it, as one keeps
/// ten thousand idle sockets: without context.
@MainActor func swirlWebSocket() throws {
  var configuration = WebSocket.Configuration()
  configuration.compression = .deflateWithoutContext
  try run(
    HTTPServer { [configuration] _ in
      .webSocket(configuration: configuration) { socket in
        socket.onMessage { message in socket.send(message) }
      }
    })
}

/// Sends each message to all that are connected.
@MainActor func swirlBroadcast() throws {
  var sockets: [ObjectIdentifier: WebSocket] = [:]
  try run(
    HTTPServer { _ in
      .webSocket { socket in
        sockets[ObjectIdentifier(socket)] = socket
        socket.onMessage { message in sockets.values.broadcast(message.bytes) }
        socket.onClose { _ in sockets[ObjectIdentifier(socket)] = nil }
      }
    })
}
