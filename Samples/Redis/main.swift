// Redis by hand: how a command is written and a reply read. `RequestClient` does the rest: commands in a row whose
// replies come in their order, errors inside replies, a connection that comes back, messages of a channel.
// Answers to: the pipelining and pub/sub pages of Redis, redis-py's asyncio examples.
// Run: `swift run Redis [PORT]`, beside `redis-server`. Leaves out: RESP3, bytes that are not text.
import Swirl

struct RedisError: Error, CustomStringConvertible { let description: String }

struct RESP: RequestFormat {
  let framing: any Framing = CountedFraming { $0.hasPrefix("$") ? Int($0.dropFirst()) : nil }
  /// The lists that are incomplete, each inside the one before it.
  private var lists: [(count: Int, replies: [String])] = []

  func write(_ command: String, id: Int, to bytes: inout [UInt8]) {
    let words = command.split(separator: " ").map { "$\($0.utf8.count)\r\n\($0)\r\n" }
    bytes += "*\(words.count)\r\n\(words.joined())".utf8
  }

  mutating func read(_ frame: [UInt8]) -> RequestMessage<String>? {
    let lines = String(decoding: frame, as: UTF8.self).split(separator: "\r\n", maxSplits: 1)
    var (kind, reply) = (lines.first?.first, String(lines.first?.dropFirst() ?? ""))
    if kind == "-", lists.isEmpty { return .failure(RedisError(description: reply)) }
    if kind == "-" { reply = "(\(reply))" }
    if kind == "$" { reply = reply == "-1" ? "nil" : lines.count > 1 ? String(lines[1]) : "" }
    if kind == "*", let count = Int(reply), count > 0 {
      lists.append((count, []))
      return nil
    }
    while var list = lists.popLast() {
      list.replies.append(reply)
      (kind, reply) = ("*", list.replies.joined(separator: " "))
      if list.replies.count < list.count {
        lists.append(list)
        return nil
      }
    }
    return kind == "*" && reply.hasPrefix("message ") ? .push(reply) : .response(reply)
  }
}

let port = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) ?? 6379 : 6379
let redis = RequestClient("127.0.0.1", port) { RESP() }
let listener = RequestClient("127.0.0.1", port) { RESP() }
listener.prepare = { connection in connection.send("SUBSCRIBE swirl:news").addCallback { print($0) } }
try runUntilComplete {
  // All are in flight before the first reply.
  let commands = ["SET swirl:count 41", "INCR swirl:count", "MULTI", "GET swirl:count", "LPUSH swirl:count 1", "EXEC"]
  for reply in try await gatherResults(commands.map { redis.send($0) }) { print(reply) }
  var news = listener.pushes().makeAsyncIterator()
  listener.start()
  _ = try await listener.whenConnected().value
  // The listener connects and subscribes again.
  print(try await redis.send("CLIENT KILL TYPE pubsub"))
  while try await redis.send("PUBLISH swirl:news hello") == "0" { try await reactor.sleep(.milliseconds(9)).value }
  print(try await news.next() ?? "closed")
  print(try await redis.send("DEL swirl:count"))
}
