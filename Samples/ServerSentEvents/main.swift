// Server-sent events, both ends: a page that never ends, to which the server adds lines, and a client that reads them
// as they come and resumes behind the last one.
// Answers to: MDN's "Using server-sent events" (EventSource), Tornado's and aiohttp's examples of SSE.
// Run: `swift run ServerSentEvents`. Leaves out: `retry:`, named events, comments that keep a connection open.
import Swirl

/// Sends three events from `first` on, then breaks the connection, as networks do.
@MainActor func send(from first: Int, to writer: HTTPServer.BodyWriter) {
  var number = first
  let ticker = LoopingCall(clock: reactor) {
    writer.write("id: \(number)\ndata: {\"count\": \(number)}\n\n")
    number += 1
    if number == first + 3 { writer.abort() }
  }
  ticker.start(every: .milliseconds(20))
  writer.onDisconnect = { ticker.stop() }
}

let server = HTTPServer { request in
  let last = request.headers["Last-Event-ID"].flatMap { Int($0) } ?? 0
  return .stream(headers: [.contentType: "text/event-stream", .cacheControl: "no-store"]) { writer in
    MainActor.assumeIsolated { send(from: last + 1, to: writer) }
  }
}
let url = "http://\(try server.listen(0).localAddress)/"

/// Reads events until the connection ends. Returns the last one's ID.
@MainActor func listen(after last: String?) async throws -> String? {
  var last = last
  var request = HTTPClient.Request(url, headers: ["Accept": "text/event-stream"])
  request.headers["Last-Event-ID"] = last
  let response = try await HTTPClient.shared.stream(request).value
  do {
    for try await line in StreamReader(response.body).lines() {
      if line.hasPrefix("id: ") { last = String(line.dropFirst(4)) }
      if line.hasPrefix("data: ") { print("event \(last ?? "without ID"): \(line.dropFirst(6))") }
    }
  } catch { print("the connection ended") }
  return last
}

try runUntilComplete {
  let last = try await listen(after: nil)
  _ = try await listen(after: last)
}
