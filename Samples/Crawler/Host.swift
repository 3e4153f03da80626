import Swirl
import SwirlLinks

/// A host as one that crawls politely sees it: so many requests at once, a pause between them, and what robots.txt says.
@MainActor final class Host {
  private let origin: String
  private let client: HTTPClient
  private let semaphore: DeferredSemaphore
  private let limit: Int
  private let pause: TokenBucket?
  private var rules: Task<RobotsRules, Never>?
  private var underWay = 0

  init(_ origin: String, _ client: HTTPClient, _ options: Options) {
    self.origin = origin
    self.client = client
    limit = options.perHost
    semaphore = DeferredSemaphore(options.perHost)
    pause = options.delay > 0 ? TokenBucket(rate: 1 / options.delay, reactor) : nil
    if options.ignoreRobots { rules = Task { .allowAll } }
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

  /// Whether robots.txt lets `url` be fetched; it is asked for once.
  func allows(_ url: String) async -> Bool {
    if rules == nil {
      let (url, client) = ("\(origin)/robots.txt", client)
      rules = Task { @MainActor in
        do {
          var request = HTTPClient.Request(url)
          request.redirects = .follow(5)
          let response = try await client.fetch(request).value
          return switch response.status.code {
          case 200..<300: RobotsRules(response.body, for: Crawl.name)
          case 300..<500: .allowAll
          default: .disallowAll
          }
        } catch let error as HTTPError where error.code == .cannotConnect {
          // Nobody is there: the pages say so themselves.
          return .allowAll
        } catch { return .disallowAll }
      }
    }
    return await rules?.value.allows(url) ?? true
  }
}
