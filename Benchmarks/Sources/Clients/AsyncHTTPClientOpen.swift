import AsyncHTTPClient
import Measure
import NIOCore
import NIOPosix

/// Requests that are due at a fixed rate, as futures on a single event loop. It is the only one, so that naming it is
/// needless; for a request that names its loop the client exceeds its limit of connections.
func asyncHTTPClientOpen(_ load: Load, _ requests: OpenRequests) throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  let client = client(for: load, on: group)
  let request = try HTTPClient.Request(url: load.url)
  let done = loop.makePromise(of: Void.self)

  @Sendable func poll() {
    while let due = requests.next() {
      client.execute(request: request).whenComplete { result in
        switch result {
        case .success(let response):
          requests.complete(
            due: due, status: Int(response.status.code), length: response.body?.readableBytes ?? 0)
        case .failure(let error): fail("\(error)")
        }
      }
    }
    if requests.isOver { return done.succeed() }
    // Not `execute`: the loop would run one after the other, and never look at its sockets.
    loop.scheduleTask(in: .microseconds(10)) { poll() }
  }
  loop.execute { poll() }
  try done.futureResult.wait()
  try client.syncShutdown()
  try group.syncShutdownGracefully()
}
