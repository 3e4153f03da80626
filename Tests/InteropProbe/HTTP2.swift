#if HTTP2
import Foundation
import Swirl

/// Content that is made while it is sent.
private func content(of size: Int) -> HTTPClient.Body {
  .producer(length: size) {
    var left = size
    return {
      let count = min(left, 65536)
      left -= count
      return .succeed(count == 0 ? nil : [UInt8](repeating: UInt8(ascii: "x"), count: count))
    }
  }
}

private func tell(_ line: String) {
  FileHandle.standardError.write(Data("\(line)\n".utf8))
}

/// Prints content, or with `show=length` how much it is, and on standard error the rest of the response.
private func show(_ response: HTTPClient.StreamedResponse, length: Bool) async throws {
  tell("status \(response.status.code)")
  var count = 0
  for try await bytes in response.body {
    count += bytes.count
    if !length { FileHandle.standardOutput.write(Data(bytes)) }
  }
  if length { print(count) }
  for field in response.trailers ?? [:] { tell("trailer \(field.name): \(field.value)") }
}

/// Fetches URLs over HTTP/2, by prior knowledge or ALPN: `method`, `body` or `size`, `roots`, `timeout`; each of the URLs
/// `count` times, `together` at once; `slow` is a URL whose content is read only when all others are done.
func fetchHTTP2(_ arguments: [String]) async throws {
  let named = settings(arguments.filter { !$0.hasPrefix("http") })
  let urls = arguments.filter { $0.hasPrefix("http") }
  var configuration = HTTPClient.Configuration()
  configuration.http2 = urls[0].hasPrefix("https") ? .negotiated : .priorKnowledge
  if let roots = named["roots"] { configuration.tls.roots = [.file(roots)] }
  let client = HTTPClient(configuration)

  func request(_ url: String) -> HTTPClient.Request {
    var request = HTTPClient.Request(url)
    request.method = named["method"].flatMap { .init($0) } ?? .get
    request.timeout = named["timeout"].flatMap { Int($0) }.map { .seconds($0) }
    request.onInformational = { tell("interim \($0.status.code)") }
    if let text = named["body"] { request.body = .bytes(Array(text.utf8)) }
    if let size = named["size"].flatMap({ Int($0) }) { request.body = content(of: size) }
    return request
  }

  var slow: HTTPClient.StreamedResponse?
  if let url = named["slow"] { slow = try await client.stream(HTTPClient.Request(url)).value }
  guard let count = named["count"].flatMap({ Int($0) }) else {
    for url in urls { try await show(try await client.stream(request(url)).value, length: named["show"] == "length") }
    return
  }
  let requests = urls.flatMap { [String](repeating: $0, count: count) }.map(request)
  let responses = try await client.map(requests, atMost: Int(named["together"] ?? "100")!).value.compactMap { $0 }
  // What came, each with how often; and over how many connections.
  let answers = Dictionary(grouping: responses) { response in
    "\(response.status.code) \(response.body.count <= 100 ? response.text : "\(response.body.count)")"
  }
  for (answer, same) in answers.sorted(by: { $0.key < $1.key }) {
    print("\(same.count) × \(answer.trimmingCharacters(in: .newlines))")
  }
  print("connections: \(responses.count { !$0.timings.isReused })")
  if let slow { try await show(slow, length: true) }
}
#endif
