import Foundation
import HTTPTypes
import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// A server, a client with a cache, and a clock that stands still.
final class CacheBench {
  let bench: ClientBench
  let cache: HTTPCache
  /// 2001-09-09T01:46:40Z.
  var time = 1_000_000_000
  /// The fields of the next responses, and their status and content.
  var fields = "Cache-Control: max-age=60"
  var status = "200 OK"
  /// Nil answers with the number of the request.
  var text: String?
  var tag: String?

  init(
    _ cache: HTTPCache = HTTPCache(), configuration: HTTPClient.Configuration = .init(),
    _ answer: ((CacheBench, RawRequest) -> Void)? = nil
  ) throws {
    self.cache = cache
    bench = try ClientBench(configuration)
    bench.client.intercept(cache)
    cache.now = { [unowned self] in time }
    bench.server.answer = { [unowned self] request in if let answer { answer(self, request) } else { reply(request) } }
  }

  /// Like a server that supports conditional requests.
  func reply(_ request: RawRequest) {
    let tagField = tag.map { "ETag: \($0)\r\n" } ?? ""
    let all = (fields.isEmpty ? "" : fields.replacingOccurrences(of: "\n", with: "\r\n") + "\r\n") + tagField
    if let tag, request.values("if-none-match") == [tag] {
      request.connection.send("HTTP/1.1 304 Same\r\n\(all)\r\n")
    } else {
      request.answer(text ?? "\(requests)", status: status, fields: all)
    }
  }

  var requests: Int { bench.server.requests.count }

  /// `hit 200 1`: what the cache did, the status, the content.
  @discardableResult
  func ask(
    _ target: String = "/", _ control: String? = nil, method: HTTPRequest.Method = .get, headers: HTTPFields = [:]
  ) -> String {
    response(target, control, method: method, headers: headers).description
  }

  @discardableResult
  func response(
    _ target: String = "/", _ control: String? = nil, method: HTTPRequest.Method = .get, headers: HTTPFields = [:]
  ) -> Answer {
    var headers = headers
    if let control { headers[.cacheControl] = control }
    let outcome = bench.fetch(target, method: method, headers: headers)
    bench.run()
    settle()
    return Answer(outcome: outcome)
  }

  /// Waits until pending stores have ended.
  func settle() { bench.run(until: { [unowned self] in cache.pendingUpdates == 0 }) }

  func end() { bench.end() }

  struct Answer: CustomStringConvertible {
    let outcome: Outcome
    var response: HTTPClient.Response? { outcome.response }
    var description: String {
      (response?.cacheOutcome).map { "\($0) \(outcome)" } ?? "\(outcome)"
    }
  }
}
