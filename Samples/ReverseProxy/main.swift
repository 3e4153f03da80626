// Passes requests to another server and its answers back, both streamed: Host is passed on, fields of one connection
// are removed.
// Answers to: nginx's proxy_pass, Twisted's ReverseProxyResource.
// Run: `swift run ReverseProxy [PORT [URL]]`, then `curl 127.0.0.1:PORT/`. Leaves out: CONNECT, WebSockets, other
// upgrades, and a second server to try.
import Swirl

let arguments = CommandLine.arguments
let port = arguments.count > 1 ? Int(arguments[1]) ?? 8000 : 8000
let upstream = arguments.count > 2 ? arguments[2] : "http://127.0.0.1:8080"

/// The fields without those of one connection (RFC 9110 §7.6.1), and without the length, which the body has.
func endToEnd(_ fields: HTTPFields) -> HTTPFields {
  var removed: Set = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"]
  removed.insert("content-length")
  for value in fields[values: .connection] {
    for option in value.lowercased().split(whereSeparator: { [",", " ", "\t"].contains($0) }) {
      removed.insert(String(option))
    }
  }
  return fields.filter { !removed.contains($0.name.canonicalName) }
}

/// Everything passes as it is: redirects, encoded content, and no fields of this client's own.
var configuration = HTTPClient.Configuration()
configuration.redirects = .none
configuration.decodesContent = false
configuration.headers = [:]
let client = HTTPClient(configuration)

/// A body may have any length: it is not kept here.
var limits = HTTPServer.Configuration()
limits.limits.bodyBytes = nil
let server = HTTPServer.streaming(configuration: limits) { request in
  // Neither `*` nor the host and port of CONNECT has a path.
  guard request.path.hasPrefix("/") else {
    return .succeed(.text("\(request.method) \(request.target) is not passed on\n", status: .notImplemented))
  }
  var fields = endToEnd(request.headers)
  // The host in an absolute target replaces Host (RFC 9112 §3.2.2).
  if let start = request.target.firstRange(of: "://")?.upperBound, !request.target.hasPrefix("/") {
    fields["Host"] = String(request.target[start...].prefix { $0 != "/" && $0 != "?" })
  }
  let target = request.path + (request.query.map { "?\($0)" } ?? "")
  fields["X-Forwarded-For"] = request.peerAddress?.host
  let hasBody = request.contentLength.map { $0 > 0 } ?? (request["transfer-encoding"] != nil)
  let body: HTTPClient.Body? = hasBody ? .stream(request.body, length: request.contentLength) : nil
  let onward = HTTPClient.Request(upstream + target, method: request.method, headers: fields, body: body)
  return client.stream(onward).addCallback { answer in
    let length = answer["content-length"].flatMap { Int($0) }
    return .stream(status: answer.status, headers: endToEnd(answer.headers), length: length) { writer in
      writer.end(
        after: Deferred {
          for try await piece in answer.body {
            // Waits for the slower side.
            try await writer.drained().value
            writer.write(piece)
          }
        })
    }
  }.addErrback { error in
    // The client has left.
    if error is CancelledError || error is CancellationError { throw error }
    print(error)
    return .text("the server behind this one does not answer\n", status: .badGateway)
  }
}
print("http://\(try server.listen(port).localAddress)/ for \(upstream)")
reactor.run()
