import Foundation
import Swirl
import SwirlHTML

/// A host with a limit of concurrent requests and its robots.txt. The store enforces the pause between requests, for
/// all crawlers of the host.
@MainActor final class Host {
  let origin: String
  private let client: HTTPClient
  private let semaphore: DeferredSemaphore
  private let limit: Int
  private var asking: Task<RobotsRules, any Error>?
  private(set) var hasRules = false
  private var underWay = 0

  init(_ origin: String, _ client: HTTPClient, _ options: Options) {
    self.origin = origin
    self.client = client
    limit = options.perHost
    semaphore = DeferredSemaphore(options.perHost)
    if options.ignoreRobots {
      asking = Task { .allowAll }
      hasRules = true
    }
  }

  /// Whether it has reached its limit: further requests would wait here.
  var isBusy: Bool { underWay >= limit }

  /// Runs `body` in its turn.
  func inTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
    underWay += 1
    defer { underWay -= 1 }
    return try await semaphore.withToken(body)
  }

  /// The rules of robots.txt, fetched once. If it is unreachable, no page may be fetched (RFC 9309 §2.3.1.4): rethrows
  /// that error.
  func rules() async throws -> RobotsRules {
    let asking =
      asking
      ?? Task { @MainActor [client, origin] in
        var request = HTTPClient.Request("\(origin)/robots.txt")
        request.redirects = .follow(5)
        let response = try await client.fetch(request).value
        if let later = AskedForLater(response) { throw later }
        if response.status.code >= 500 { try response.raiseForStatus() }
        return response.status.code < 300 ? RobotsRules(response.body, for: Crawl.name) : .allowAll
      }
    self.asking = asking
    do {
      let rules = try await asking.value
      hasRules = true
      return rules
    } catch {
      // An error that says nothing about the host is not cached.
      if self.asking == asking, error is AskedForLater || error.isOwnFault { self.asking = nil }
      throw error
    }
  }
}

/// A server asks to retry later: 429 or 503 with Retry-After (RFC 9110 §10.2.3, RFC 6585 §4).
struct AskedForLater: Error, CustomStringConvertible {
  /// The maximum wait for one URL that a server can impose.
  private static let longest = 3600.0
  let status: Int
  let seconds: Double
  var description: String { "the server answered \(status), and wants to be asked again in \(Int(seconds)) s" }

  init?(_ response: HTTPClient.Response) {
    status = response.status.code
    guard status == 429 || status == 503, let value = response["retry-after"] else { return nil }
    if let number = Int(value) {
      seconds = min(max(0, Double(number)), Self.longest)
    } else {
      let dates = DateFormatter()
      dates.locale = Locale(identifier: "en_US_POSIX")
      dates.timeZone = TimeZone(identifier: "GMT")
      dates.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
      guard let date = dates.date(from: value) else { return nil }
      seconds = min(max(0, date.timeIntervalSinceNow), Self.longest)
    }
  }
}

extension Error {
  /// Whether this machine lacked a descriptor, port or memory for the request: such a failure says nothing about the
  /// page.
  var isOwnFault: Bool {
    let errno = (self as? HTTPError)?.network?.errno ?? 0
    return [EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL].contains(errno)
  }
}
