import Foundation
import Swirl
import SwirlHTML
import Terminal

/// Takes URLs from the store, fetches them, and stores pages and links, until no URL is left.
@MainActor final class Crawl {
  static let name = "swirl-crawler"
  /// A larger page is parsed on a thread.
  private static let largePage = 64 * 1024
  /// The maximum number of requests for a URL whose server asks to retry later.
  private static let tries = 5
  private static let otherDescriptors = 32
  /// The pause after a shortage of this machine, in seconds.
  private static let rest = 0.2

  private let options: Options
  private let store: any Store
  private let client: HTTPClient
  private let seeds: [String: String]
  private let seedHosts: Set<String>
  private var progress: Progress?
  /// The URL of the last stored page.
  private var last = ""
  private var hosts: [String: Host] = [:]
  private var underWay: Set<String> = []
  /// URLs whose pages the store has refused.
  private var givenUp: Set<String> = []
  private var tally = Tally()
  private let start = reactor.now
  private var concurrency: Concurrency
  /// Fires when there may be room for more pages.
  private var change: Deferred<Void>?
  private var hasChanged = false
  /// Why the crawl has to stop.
  private var end: (any Error)?

  init(_ options: Options) throws {
    self.options = options
    store = try makeStore(options)
    // The descriptors that the process may still open, without those of the store and the reactor.
    let room = max(1, sysconf(Int32(_SC_OPEN_MAX)) - Self.otherDescriptors)
    concurrency = Concurrency(min(options.concurrency, room))
    seeds = Self.withOrigins(options.urls.compactMap(normalizeURL))
    seedHosts = Set(seeds.values.map(hostName))
    var configuration = HTTPClient.Configuration()
    configuration.headers[.userAgent] = "\(Self.name)/1.0"
    configuration.timeout = .seconds(options.timeout)
    // A redirect counts as a page with one link, so that its target is fetched only once.
    configuration.redirects = .none
    configuration.maximumBodySize = 10 * 1024 * 1024
    // Enough connections that hosts crawled in rotation keep theirs.
    configuration.connections = max(1, min(2 * options.concurrency, room))
    configuration.proxies = try .environment()
    client = HTTPClient(configuration)
  }

  private static func withOrigins(_ urls: [String]) -> [String: String] {
    Dictionary(urls.compactMap { url in originOfURL(url).map { (url, $0) } }, uniquingKeysWith: { first, _ in first })
  }

  func run() async throws {
    try await store.open()
    try await store.add(seeds)
    let renewal = LoopingCall(clock: reactor) { [self] in Deferred { await self.renew() } }
    renewal.start(every: .seconds(options.lease / 3), now: false).addErrback { _ in }
    let pages = DeferredGroup()
    defer { renewal.stop() }
    showProgress()
    do { try await takeAll(pages) } catch {
      // After Ctrl-C or without a store: return the URLs in flight at once, in a task that is not cancelled.
      pages.cancel()
      try? await Task { @MainActor in try await store.release() }.value
      progress?.end()
      try? report()
      if error.isCancellation { tell("stopped: run it again with the same --store to crawl what is left") }
      throw error
    }
    progress?.end()
    if givenUp.isEmpty { return }
    try? await store.release()
    try? report()
    throw StoreError(
      description: "\(givenUp.count) URLs are left, whose pages the store refused: \(tally.lastStoreFailure)")
  }

  private func showProgress() {
    if options.isQuiet { return }
    progress = Progress(interval: options.interval, waiting: { [store] in try? await store.counts().waiting }) {
      [unowned self] in
      Progress.State(tally: tally, underWay: underWay.count, hosts: hosts.count, last: last)
    }
  }

  func report() throws {
    let seconds = Double((reactor.now - start) / .milliseconds(1)).rounded() / 1000
    try put("\(tally.line); \(seconds) s")
  }

  private func takeAll(_ pages: DeferredGroup) async throws {
    while true {
      if let end { throw end }
      let left = options.maxPages == 0 ? Int.max : options.maxPages - tally.stored - underWay.count
      let free = min(concurrency.limit - underWay.count, left)
      if left <= 0, underWay.isEmpty { return }
      // Other crawlers may return URLs, or die.
      var longestWait = underWay.isEmpty ? 0.2 : 1
      hasChanged = false
      if free > 0 {
        let busy = hosts.filter { $0.value.isBusy }.map(\.key)
        // In a task that is not cancelled, so that no URL is taken after all were returned.
        let taken = try await Task { @MainActor in try await patiently { try await store.take(free, notOf: busy) } }
          .value
        for url in taken where !givenUp.contains(url.url) {
          underWay.insert(url.url)
          pages.add { await self.crawl(url) }
        }
        if underWay.isEmpty, try await isNothingLeft() { return }
        if !taken.isEmpty, underWay.count < concurrency.limit { continue }
        if taken.isEmpty, let next = try await patiently({ try await store.nextTurn(notOf: busy) }) {
          // If a host is ready but was not taken, another crawler holds its lock: retry soon.
          longestWait = min(longestWait, max(next, 0.01))
        }
      }
      if hasChanged || end != nil { continue }
      let change = Deferred<Void>()
      self.change = change
      let poll = reactor.callLater(.seconds(longestWait)) { [weak self] in self?.wake() }
      try await change.value
      poll.cancel()
    }
  }

  private func isNothingLeft() async throws -> Bool {
    let counts = try await patiently { try await store.counts() }
    return counts.waiting + counts.leased <= givenUp.count
  }

  /// Calls the store, and retries while it is unavailable, as long as the user's patience allows.
  private func patiently<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    let end = reactor.now + .seconds(options.patience)
    var pause = 0.05
    while true {
      do { return try await body() } catch  where store.isAway(error) {
        try refuse(error)
        if reactor.now >= end {
          throw StoreError(
            description: """
              the store was away for \(options.patience) s, so \(underWay.count) pages that were under way and all that wait are left; run \
              it again to go on: \(error)
              """)
        }
        try await reactor.sleep(.seconds(pause)).value
        pause = min(2 * pause, 1)
      }
    }
  }

  private func wake() {
    hasChanged = true
    change.take()?.callback()
  }

  private func refuse(_ error: any Error) throws {
    if error.isCancellation { throw error }
    tally.storeFailures += 1
    tally.lastStoreFailure = "\(error)"
  }

  private func renew() async {
    guard !underWay.isEmpty else { return }
    // If the store is unavailable, the next renewal retries.
    do { try await store.renew(Array(underWay)) } catch { try? refuse(error) }
  }

  // MARK: - A page

  private func crawl(_ taken: TakenURL) async {
    let url = taken.url
    defer {
      underWay.remove(url)
      wake()
    }
    do {
      let host = host(of: url)
      var (page, links) = (PageRecord(url: url), [String]())
      do {
        guard try await rules(of: host).allows(url) else {
          if try await finish(url, nil, links: []) { tally.disallowed += 1 }
          return
        }
        (page, links) = try await host.inTurn { try await fetch(taken) }
      } catch let later as AskedForLater where taken.tries < Self.tries {
        tally.postponed += 1
        return try await patiently { try await store.putBack(url, restingHost: later.seconds, isTry: true) }
      } catch  where error.isOwnFault {
        tally.shortages += 1
        try await patiently { try await store.putBack(url, restingHost: 0, isTry: false) }
        if !concurrency.noteShortage(underWay: underWay.count) { throw error }
        return try await reactor.sleep(.seconds(Self.rest)).value
      } catch  where !error.isCancellation && !(error is StoreError) {
        let failure = error as? HTTPError
        page.problem = failure?.reason ?? "\(error)"
        tally.failed[failure?.code.description ?? "robots.txt", default: 0] += 1
      }
      concurrency.noteSuccess()
      if try await finish(url, page, links: links) { note(page) }
    } catch {
      // If cancelled, the URL was returned. Otherwise no page can be fetched or stored any more.
      if !error.isCancellation { end = end ?? error }
    }
  }

  /// The rules of robots.txt. If they were fetched just now, the host's turn has passed: wait for the next one.
  private func rules(of host: Host) async throws -> RobotsRules {
    if host.hasRules { return try await host.rules() }
    let rules = try await host.rules()
    if options.delay > 0 {
      let wait = try await patiently { try await store.reserveTurn(of: host.origin) }
      try await reactor.sleep(.seconds(max(0, wait))).value
    }
    return rules
  }

  private func host(of url: String) -> Host {
    let origin = originOfURL(url) ?? url
    if let host = hosts[origin] { return host }
    let host = Host(origin, client, options)
    hosts[origin] = host
    return host
  }

  private func fetch(_ taken: TakenURL) async throws -> (PageRecord, [String]) {
    let url = taken.url
    var record = PageRecord(url: url)
    let response = try await client.fetch(HTTPClient.Request(url)).value
    if taken.tries < Self.tries, let later = AskedForLater(response) { throw later }
    record.status = response.status.code
    record.type = response["content-type"]
    record.size = response.body.count
    if (300..<400).contains(response.status.code), let location = response["location"] {
      return (record, [normalizeURL(joinURL(url, location))].compactMap { $0 })
    }
    guard response.status.code < 400, record.isHTML else { return (record, []) }
    let page = try await read(response)
    record.title = page.title
    tally.malformedLinks += page.malformedLinks
    return (record, page.followableLinks)
  }

  private func read(_ response: HTTPClient.Response) async throws -> HTMLPage {
    let agent = Self.name
    let parse: @Sendable () -> HTMLPage = {
      HTMLPage(response.body, url: response.url, headers: response.headers, for: agent)
    }
    return response.body.count < Self.largePage ? parse() : try await deferToThread(parse).value
  }

  /// Waits for an unavailable store. If the store refuses the page, tries three times, then leaves the URL to a later
  /// run.
  private func finish(_ url: String, _ page: PageRecord?, links: [String]) async throws -> Bool {
    let wanted = Self.withOrigins(links).filter { !options.sameHost || seedHosts.contains(hostName($0.value)) }
    for pause in [0.2, 1, 0] {
      do {
        let isOurs = try await patiently { try await store.finish(url, page, links: wanted) }
        if !isOurs { tally.lost += 1 }
        return isOurs
      } catch  where !(error is StoreError) {
        try refuse(error)
        if pause > 0 { try await reactor.sleep(.seconds(pause)).value }
      }
    }
    givenUp.insert(url)
    return false
  }

  private func note(_ page: PageRecord) {
    tally.stored += 1
    last = page.url
    switch page.status {
    case .some(300..<400): tally.redirects += 1
    case .some(400...): tally.refused += 1
    case .some: if page.isHTML { tally.html += 1 } else { tally.other += 1 }
    case nil: break
    }
  }
}

/// A host with http and https, or with several ports, counts as one.
private func hostName(_ origin: String) -> String { URL(string: origin)?.host() ?? origin }

extension PageRecord {
  fileprivate var isHTML: Bool {
    let type = (type ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    return type == "text/html" || type == "application/xhtml+xml"
  }
}
