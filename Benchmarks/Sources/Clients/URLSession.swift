import Foundation
import Measure
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Data tasks with completion handlers, which a session calls one at a time; without cache and cookies.
func urlSession(_ load: Load) {
  let configuration = URLSessionConfiguration.ephemeral
  configuration.httpMaximumConnectionsPerHost = load.inFlight
  configuration.urlCache = nil
  configuration.httpCookieStorage = nil
  configuration.timeoutIntervalForRequest = 60
  let session = URLSession(configuration: configuration)
  guard let url = URL(string: load.url) else { fail("bad URL") }
  var request = URLRequest(url: url)
  if load.closesConnections { request.setValue("close", forHTTPHeaderField: "Connection") }
  let prepared = request
  let done = DispatchSemaphore(value: 0)

  @Sendable func next() {
    session.dataTask(with: prepared) { data, response, error in
      guard let response = response as? HTTPURLResponse else { fail("\(error.map { "\($0)" } ?? "no response")") }
      if load.complete(status: response.statusCode, length: data?.count ?? 0) { return next() }
      done.signal()
    }.resume()
  }
  for _ in 1...load.inFlight { next() }
  for _ in 1...load.inFlight { done.wait() }
}
