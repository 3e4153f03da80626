import Foundation
import Swirl

/// RESP2, as far as these scenarios need it: a reply is its text.
private struct RESP: RequestFormat {
  let framing: any Framing = CountedFraming { $0.hasPrefix("$") ? Int($0.dropFirst()) : nil }
  private var lists: [(count: Int, replies: [String])] = []

  func write(_ words: [String], id: Int, to bytes: inout [UInt8]) {
    bytes += "*\(words.count)\r\n".utf8
    for word in words { bytes += "$\(word.utf8.count)\r\n\(word)\r\n".utf8 }
  }

  mutating func read(_ frame: [UInt8]) -> RequestMessage<String>? {
    let parts = String(decoding: frame, as: UTF8.self)
      .split(separator: "\r\n", maxSplits: 1, omittingEmptySubsequences: false)
    var reply = String(parts.count > 1 ? parts[1] : parts[0].dropFirst())
    if parts[0].first == "-" { reply = "-" + reply }
    if parts[0].first == "*", let count = Int(reply), count > 0 {
      lists.append((count, []))
      return nil
    }
    while var list = lists.popLast() {
      list.replies.append(reply)
      reply = list.replies.joined(separator: " ")
      if list.replies.count < list.count {
        lists.append(list)
        return nil
      }
    }
    return reply.hasPrefix("message ") ? .push(reply) : .response(reply)
  }
}

private func openDescriptors() -> Int {
  (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
}

private func say(_ line: String) {
  print(line)
  fflush(nil)
}

/// Talks with redis-server at `port`:
/// - `pipeline=COUNT`: that many commands in a row; prints how many replies were those of their commands.
/// - `echo=WINDOW`: sends numbers until SIGTERM, and prints what became of them. `timeout` in milliseconds, `silent`:
///   what a timeout does with the connection.
/// - `listen=CHANNEL`: prints the messages of a channel, over all connections, until SIGTERM.
/// - `reconnect=COUNT`: has its connection killed that often; prints the descriptors before and after.
func talkRedis(_ arguments: [String]) {
  let named = settings(arguments)
  var limits = RequestLimits(timeout: .milliseconds(Int(named["timeout"] ?? "") ?? 10_000))
  limits.endsSilentConnections = named["silent"] != "stays"
  limits.maximumWaiting = 1_000_000
  let client = RequestClient(
    "127.0.0.1", Int(named["port"] ?? "") ?? 6379, limits: limits,
    backoff: Backoff(attempts: .max, firstDelay: .milliseconds(2), maximumDelay: .milliseconds(50)), on: .current
  ) { RESP() }
  if let count = named["pipeline"].flatMap(Int.init) { pipeline(client, count) }
  if let window = named["echo"].flatMap(Int.init) { echo(client, window) }
  if let channel = named["listen"] { listen(client, channel) }
  if let count = named["reconnect"].flatMap(Int.init) { reconnect(client, count) }
  // SIGTERM asks for the counts.
  Reactor.current.run(handlingSignals: false)
}

private func pipeline(_ client: RequestClient<RESP>, _ count: Int) {
  var (right, done) = (0, 0)
  let start = Reactor.current.now
  client.send(["DEL", "swirl:pipeline"])
  for number in 1...count {
    client.send(["INCR", "swirl:pipeline"]).addBoth { result in
      done += 1
      if (try? result.get()) == "\(number)" { right += 1 }
      if done == count {
        say("\(right) right in \((Reactor.current.now - start) / .milliseconds(1)) ms")
        client.close().addCallback { Reactor.current.stop() }
      }
    }
  }
}

private func echo(_ client: RequestClient<RESP>, _ window: Int) {
  var counts = ["right": 0, "wrong": 0, "late": 0, "sent": 0, "unsent": 0, "cancelled": 0]
  var (number, connections, isEnding) = (0, 0, false)
  client.onStateChange = { state in
    guard case .connected = state else { return }
    connections += 1
    say("connected")
  }
  func send() {
    if isEnding { return }
    number += 1
    let own = "n\(number)"
    let answer = client.send(["ECHO", own])
    // Some are cancelled while they are under way.
    if number.isMultiple(of: 50) { Reactor.current.callSoon { answer.cancel() } }
    answer.addBoth { result in
      switch result {
      case .success(let reply): counts[reply == own ? "right" : "wrong", default: 0] += 1
      case .failure(let error as RequestError) where error.code == .timedOut: counts["late", default: 0] += 1
      case .failure(let error as RequestError): counts[error.wasSent ? "sent" : "unsent", default: 0] += 1
      case .failure: counts["cancelled", default: 0] += 1
      }
      Reactor.current.callLater(.microseconds(200)) { send() }
    }
  }
  for _ in 0..<window { send() }
  Reactor.current.addSignalHandler(SIGTERM) {
    isEnding = true
    client.close().addCallback {
      let all = counts.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      say("\(all) made=\(number) connections=\(connections)")
      Reactor.current.stop()
    }
  }
}

private func listen(_ client: RequestClient<RESP>, _ channel: String) {
  client.prepare = { connection in connection.send(["SUBSCRIBE", channel]).addCallback { say($0) } }
  client.onPush = { say($0) }
  client.start()
  Reactor.current.addSignalHandler(SIGTERM) {
    client.abort()
    Reactor.current.stop()
  }
}

private func reconnect(_ client: RequestClient<RESP>, _ count: Int) {
  var (before, done) = (0, 0)
  client.steadyTime = .zero
  client.onStateChange = { state in
    guard case .connected = state else { return }
    if done == 3 { before = openDescriptors() }
    if done == count {
      say("\(before) \(openDescriptors()) after \(count) connections")
      client.abort()
      return Reactor.current.stop()
    }
    done += 1
    client.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"]).addBoth { _ in }
  }
  client.start()
}
