import AsyncHTTPClient
import Measure
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One event loop, HTTP/1 only unless asked otherwise, and as many connections as requests.
func client(for load: Load, on group: MultiThreadedEventLoopGroup) -> HTTPClient {
  var configuration = HTTPClient.Configuration()
  // Over TLS only: it has no prior knowledge.
  configuration.httpVersion = load.usesHTTP2 ? .automatic : .http1Only
  // On a busy machine ten thousand simultaneous connections take longer than the default ten seconds.
  configuration.timeout.connect = .seconds(60)
  configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = load.inFlight
  if let roots = load.roots {
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.trustRoots = .file(roots)
  }
  return HTTPClient(eventLoopGroup: group, configuration: configuration)
}

/// Futures on a single event loop, so that requests do not hop between threads.
func asyncHTTPClientFuture(_ load: Load) throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  let client = client(for: load, on: group)
  let request = try HTTPClient.Request(
    url: load.url, headers: load.closesConnections ? ["connection": "close"] : [:])
  let done = loop.makePromise(of: Void.self)
  let underWay = Counter(load.inFlight, on: loop)

  @Sendable func next() {
    client.execute(request: request, eventLoop: .delegateAndChannel(on: loop)).whenComplete { result in
      switch result {
      case .success(let response):
        if load.complete(status: Int(response.status.code), length: response.body?.readableBytes ?? 0) { return next() }
        if underWay.decrement() == 0 { done.succeed() }
      case .failure(let error): fail("\(error)")
      }
    }
  }
  loop.execute { for _ in 1...load.inFlight { next() } }
  try done.futureResult.wait()
  try client.syncShutdown()
  try group.syncShutdownGracefully()
}

/// Async functions, one task per request in flight, on Swift's thread pool.
func asyncHTTPClientAsync(_ load: Load) throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let client = client(for: load, on: group)
  let tally = Tally(load)
  let done = group.next().makePromise(of: Void.self)
  done.completeWithTask {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 1...load.inFlight {
        tasks.addTask {
          while true {
            var request = HTTPClientRequest(url: load.url)
            if load.closesConnections { request.headers.add(name: "connection", value: "close") }
            let response = try await client.execute(request, timeout: .seconds(60))
            let body = try await response.body.collect(upTo: 16 << 20)
            guard await tally.complete(status: Int(response.status.code), length: body.readableBytes) else { return }
          }
        }
      }
    }
  }
  try done.futureResult.wait()
  try client.syncShutdown()
  try group.syncShutdownGracefully()
}

/// A count that only its event loop accesses.
private final class Counter: @unchecked Sendable {
  private var value: Int
  private let loop: any EventLoop

  init(_ value: Int, on loop: any EventLoop) {
    self.value = value
    self.loop = loop
  }

  func decrement() -> Int {
    loop.assertInEventLoop()
    value -= 1
    return value
  }
}
