import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import Testing

/// The outcome of a fetch.
final class Outcome: CustomStringConvertible {
  /// The API form of the fetch.
  enum Form: CaseIterable {
    case callback
    case deferred
  }

  let target: String
  private(set) var result: Result<HTTPClient.Response, any Error>?
  /// The number of results.
  private(set) var count = 0
  /// Whether `fetch` has returned.
  var hasReturned = false
  var cancelNow: () -> Void = {}
  weak var exchange: HTTPClient.Exchange?
  weak var deferred: Deferred<HTTPClient.Response>?

  init(_ target: String) { self.target = target }

  func receive(_ result: Result<HTTPClient.Response, any Error>) {
    count += 1
    if !hasReturned { Issue.record("\(target): the callback was called before fetch returned: \(result)") }
    if count > 1 { Issue.record("\(target): the callback was called again: \(result)") }
    self.result = result
  }

  func cancel() { cancelNow() }

  var response: HTTPClient.Response? { try? result?.get() }
  var error: (any Error)? { if case .failure(let error) = result { error } else { nil } }
  var httpError: HTTPError? { error as? HTTPError }

  /// `200 hello`, the code of an error, `cancelled` or `pending`.
  var description: String {
    switch result {
    case .success(let response): "\(response.status.code) \(String(decoding: response.body.prefix(40), as: UTF8.self))"
    case .failure(let error as HTTPError): "\(error.code)"
    case .failure(let error): "\(error)"
    case nil: "pending"
    }
  }
}
