// Redis by hand: commands in a row whose replies come in their order, and messages of a channel. The protocol is read
// with `StreamReader`.
// Answers to: the pipelining and pub/sub pages of Redis, redis-py's asyncio examples.
// Run: `swift run Redis [PORT]`, beside `redis-server`. Leaves out: nested errors, RESP3, reconnecting.
import Swirl

struct RedisError: Error, CustomStringConvertible {
  let description: String
}

extension Connection {
  /// Sends a command of Redis (RESP2). Its reply comes after those of earlier commands.
  func send(_ words: String...) async throws {
    let parts = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }
    try await write("*\(words.count)\r\n\(parts.joined())")
  }
}

/// Reads the next reply, or the next message of a channel.
@MainActor func reply(_ reader: inout StreamReader) async throws -> String {
  guard let line = try await reader.readLine() else { throw RedisError(description: "Redis closed the connection") }
  let rest = String(line.dropFirst())
  switch line.first {
  case "-": throw RedisError(description: rest)
  case "$":
    guard let count = Int(rest), count >= 0 else { return "nil" }
    return String(decoding: try await reader.readExactly(count + 2).dropLast(2), as: UTF8.self)
  case "*":
    var items: [String] = []
    for _ in 0..<(Int(rest) ?? 0) { items.append(try await reply(&reader)) }
    return items.joined(separator: " ")
  default: return rest
  }
}

let port = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 6379 : 6379
try runUntilComplete {
  let redis = try await reactor.openConnection("127.0.0.1", port).value
  var replies = StreamReader(redis.inbound)
  // Three commands are in flight before the first reply is read.
  try await redis.send("SET", "swirl:count", "41")
  try await redis.send("INCR", "swirl:count")
  try await redis.send("GET", "swirl:count")
  for _ in 1...3 { print(try await reply(&replies)) }

  let listener = try await reactor.openConnection("127.0.0.1", port).value
  var messages = StreamReader(listener.inbound)
  try await listener.send("SUBSCRIBE", "swirl:news")
  print(try await reply(&messages))
  for number in 1...2 { try await redis.send("PUBLISH", "swirl:news", "number \(number)") }
  for _ in 1...2 { print(try await reply(&messages)) }
  try await redis.send("DEL", "swirl:count")
  for _ in 1...3 { print(try await reply(&replies)) }
}
