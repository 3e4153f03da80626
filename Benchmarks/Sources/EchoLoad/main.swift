// Load for an echo server, in plain system calls, so that it favours no library. `EchoLoad round-trips PORT
// --connections N`: 64 bytes there and back. `EchoLoad throughput PORT`: as many bytes as one connection carries.
// `EchoLoad datagrams PORT --connections N --size BYTES`: the same with UDP.
// `EchoLoad websocket|broadcast PORT --connections N --size BYTES`: messages of WebSocket, there and back or from one
// connection to all; they print a line when all connections are open.
import Foundation
import Measure

let options = Options()
let port = UInt16(options.words.last.flatMap { Int($0) } ?? 0)
let seconds = options.number("--seconds", or: 2)
let size = options.count("--size", or: 64)

switch options.words.first {
case "round-trips": roundTrips(connections: options.count("--connections", or: 1))
case "throughput": throughput()
case "datagrams": datagrams(sockets: options.count("--connections", or: 1), size: size)
case "websocket": webSocketEcho(connections: options.count("--connections", or: 1), size: size)
case "broadcast": webSocketBroadcast(connections: options.count("--connections", or: 1), size: size)
default: fail("usage: EchoLoad round-trips|throughput|datagrams|websocket|broadcast PORT")
}

func roundTrips(connections count: Int) {
  let sockets = (0..<count).map { _ in Connection(port) }
  var trips = 0
  let start = Usage.now
  repeat {
    for socket in sockets { socket.send(64) }
    for socket in sockets { socket.receive(64) }
    trips += count
  } while monotonicSeconds() < start.wall + seconds
  Report(operations: trips, from: start).send()
}

/// An operation is a MiB.
func throughput() {
  let connection = Connection(port)
  let chunk = 64 * 1024
  let chunksPerMiB = 16
  let total = Int(seconds * 500) * chunksPerMiB
  let start = Usage.now
  let writer = Thread { for _ in 0..<total { connection.send(chunk) } }
  writer.start()
  for _ in 0..<total { connection.receive(chunk) }
  Report(operations: total / chunksPerMiB, from: start).send()
}
