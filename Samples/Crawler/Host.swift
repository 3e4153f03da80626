import Swirl
import SwirlLinks

/// A host as one that crawls politely sees it: so many requests at once, a pause between them, and what robots.txt says.
@MainActor final class Host {
  private let origin: String
  private let client: HTTPClient
  private let semaphore: DeferredSemaphore
  private let limit: Int
  private let pause: TokenBucket?
  private var asking: Task<RobotsRules, any Error>?
  private var underWay = 0

  init(_ origin: String, _ client: HTTPClient, _ options: Options) {
    self.origin = origin
    self.client = client
    limit = options.perHost
    semaphore = DeferredSemaphore(options.perHost)
    pause = options.delay > 0 ? TokenBucket(rate: 1 / options.delay, reactor) : nil
    if options.ignoreRobots { asking = Task { .allowAll } }
  }

  /// Whether as many are under way as may be: more would wait here.
  var isBusy: Bool { underWay >= limit }

  /// Runs `body` when it is its turn.
  func inTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
    underWay += 1
    defer { underWay -= 1 }
    return try await semaphore.withToken {
      try await pause?.take().value
      return try await body()
    }
  }

  /// What robots.txt says; it is asked for once. Where it cannot be had nobody may fetch anything (RFC 9309 §2.3.1.4): that is thrown.
  func rules() async throws -> RobotsRules {
    let asking =
      asking
      ?? Task { @MainActor [client, origin] in
        var request = HTTPClient.Request("\(origin)/robots.txt")
        request.redirects = .follow(5)
        let response = try await client.fetch(request).value
        if response.status.code >= 500 { try response.raiseForStatus() }
        return response.status.code < 300 ? RobotsRules(response.body, for: Crawl.name) : .allowAll
      }
    self.asking = asking
    return try await asking.value
  }
}
