// HTTP over a plain connection: a request written by hand, a response read by lines and byte counts.
// Answers to: asyncio's example of streams that gets the headers of a page.
// Run: `swift run RawHTTP [HOST [PORT]]`. Leaves out: chunked bodies, which is why it sends HTTP/1.0.
import Swirl

@MainActor func ownServer() throws -> Int {
  try HTTPServer { request in .text("hello from \(request.path)\n") }.listen(0).localAddress.port
}

let arguments = Array(CommandLine.arguments.dropFirst())
let host = arguments.first ?? "127.0.0.1"
let port = arguments.isEmpty ? try ownServer() : arguments.dropFirst().first.flatMap { Int($0) } ?? 80

try runUntilComplete {
  let connection = try await reactor.openConnection(host, port).value
  try await connection.write("GET /raw HTTP/1.0\r\nHost: \(host)\r\n\r\n")

  var reader = StreamReader(connection.inbound)
  print(try await reader.readLine() ?? "nothing")
  var length: Int?
  while let line = try await reader.readLine(), !line.isEmpty {
    let field = line.split(separator: ":", maxSplits: 1).map { $0.lowercased() }
    // `UInt32` refuses a sign: input from the peer is not to be trusted.
    if field.count == 2, field[0] == "content-length" { length = UInt32(field[1].drop { $0 == " " }).map { Int($0) } }
  }
  let body = if let length { try await reader.readExactly(length) } else { try await reader.readAll(atMost: 1 << 20) }
  print("\(body.count) bytes: \(String(decoding: body.prefix(60), as: UTF8.self).prefix { $0 != "\n" })")
}
