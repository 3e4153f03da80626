import Foundation
import Swirl
import SwirlLinks

/// Takes URLs from the store, fetches them, and puts pages and links there, until nothing is left.
@MainActor final class Crawl {
  static let name = "swirl-crawler"
  /// A page that is larger is read on a thread.
  private static let largePage = 64 * 1024
  /// So many refusals of the store in a row are its end.
  private static let patience = 10

  private let options: Options
  private let store: any Store
  private let client: HTTPClient
  private let seeds: [String: String]
  private let seedHosts: Set<String>
  private let progress: Progress?
  private var hosts: [String: Host] = [:]
  private var underWay: Set<String> = []
  /// URLs whose pages the store refuses.
  private var givenUp: Set<String> = []
  private var tally = Tally()
  private let start = reactor.now
  /// Fires when there may be room for more.
  private var change: Deferred<Void>?

  init(_ options: Options) throws {
    self.options = options
    let isPostgres = ["postgres://", "postgresql://"].contains { options.store.hasPrefix($0) }
    store =
      isPostgres
      ? PostgresStore(url: options.store, lease: options.lease)
      : try SQLiteStore(path: options.store, lease: options.lease)
    seeds = Self.withOrigins(options.urls.compactMap(normalizeURL))
    seedHosts = Set(seeds.values.map(hostName))
    var configuration = HTTPClient.Configuration()
    configuration.headers[.userAgent] = "\(Self.name)/1.0"
    configuration.timeout = .seconds(options.timeout)
    // A redirect is a page whose link is followed like any other, so that what it leads to is fetched once.
    configuration.redirects = .none
    configuration.maximumBodySize = 10 * 1024 * 1024
    configuration.proxies = try .environment()
    client = HTTPClient(configuration)
    progress = options.isQuiet || isatty(2) == 0 ? nil : Progress()
  }

  private static func withOrigins(_ urls: [String]) -> [String: String] {
    Dictionary(urls.compactMap { url in originOfURL(url).map { (url, $0) } }, uniquingKeysWith: { first, _ in first })
  }

  func run() async throws {
    try await store.open()
    try await store.add(seeds)
    let renewal = LoopingCall(reactor) { [self] in Deferred { await self.renew() } }
    renewal.start(every: .seconds(options.lease / 3), now: false).addErrback { _ in }
    let pages = DeferredGroup()
    defer { renewal.stop() }
    do { try await takeAll(pages) } catch {
      // Ctrl-C: what is under way is given back at once, by a task that is not cancelled.
      pages.cancel()
      try? await Task { @MainActor in try await store.release() }.value
      progress?.end()
      report()
      throw error
    }
    progress?.end()
  }

  func report() {
    let seconds = Double((reactor.now - start) / .milliseconds(1)).rounded() / 1000
    print("\(tally.line); \(seconds) s")
  }

  private func takeAll(_ pages: DeferredGroup) async throws {
    var refusals = 0
    while true {
      let left = options.maxPages == 0 ? Int.max : options.maxPages - tally.stored - underWay.count
      let free = min(options.concurrency - underWay.count, left)
      if left <= 0, underWay.isEmpty { return }
      var taken: [String] = []
      if free > 0 {
        do {
          let busy = hosts.filter { $0.value.isBusy }.map(\.key)
          // Not cancelled, so that what it takes is not taken after it was given back.
          taken = try await Task { @MainActor in try await store.take(free, notOf: busy) }.value
          refusals = 0
        } catch {
          refusals += 1
          try refuse(error)
          if refusals == Self.patience { throw error }
          try await reactor.sleep(.milliseconds(500)).value
          continue
        }
        for url in taken where !givenUp.contains(url) {
          underWay.insert(url)
          pages.add { await self.crawl(url) }
        }
        if underWay.isEmpty, try await isNothingLeft() { return }
      }
      // Others may give something back, or die.
      if taken.isEmpty || underWay.count >= options.concurrency {
        let change = Deferred<Void>()
        self.change = change
        let poll = reactor.callLater(.milliseconds(underWay.isEmpty ? 200 : 1000)) { [weak self] in self?.wake() }
        try await change.value
        poll.cancel()
      }
    }
  }

  private func isNothingLeft() async throws -> Bool {
    do {
      let counts = try await store.counts()
      return counts.waiting + counts.leased <= givenUp.count
    } catch {
      try refuse(error)
      return false
    }
  }

  private func wake() { change.take()?.callback() }

  private func refuse(_ error: any Error) throws {
    if isCancelled(error) { throw error }
    tally.storeFailures += 1
    tally.lastStoreFailure = "\(error)"
  }

  private func renew() async {
    guard !underWay.isEmpty else { return }
    do { try await store.renew(Array(underWay)) } catch { try? refuse(error) }
  }

  // MARK: - A page

  private func crawl(_ url: String) async {
    defer {
      underWay.remove(url)
      progress?.show(tally, underWay.count, reactor.now - start)
      wake()
    }
    do {
      let host = host(of: url)
      var (page, links) = (PageRecord(url: url), [String]())
      do {
        guard try await host.rules().allows(url) else {
          if try await finish(url, nil, links: []) { tally.disallowed += 1 }
          return
        }
        (page, links) = try await host.inTurn { try await fetch(url) }
      } catch  where !isCancelled(error) {
        let failure = error as? HTTPError
        page.problem = failure?.reason ?? "\(error)"
        tally.failed[failure?.code.description ?? "robots.txt", default: 0] += 1
      }
      if try await finish(url, page, links: links) { note(page) }
    } catch {
      // Cancelled: the URL was given back.
    }
  }

  private func host(of url: String) -> Host {
    let origin = originOfURL(url) ?? url
    if let host = hosts[origin] { return host }
    let host = Host(origin, client, options)
    hosts[origin] = host
    return host
  }

  private func fetch(_ url: String) async throws -> (PageRecord, [String]) {
    var record = PageRecord(url: url)
    let response = try await client.fetch(HTTPClient.Request(url)).value
    record.status = response.status.code
    record.type = response.header("content-type")
    record.size = response.body.count
    if (300..<400).contains(response.status.code), let location = response.header("location") {
      return (record, [normalizeURL(joinURL(url, location))].compactMap { $0 })
    }
    guard response.status.code < 400, record.isHTML else { return (record, []) }
    let page = try await read(response)
    record.title = page.title
    tally.malformedLinks += page.malformedLinks
    return (record, page.followableLinks)
  }

  private func read(_ response: HTTPClient.Response) async throws -> HTMLPage {
    let type = response.header("content-type")
    if response.body.count < Self.largePage { return HTMLPage(response.body, url: response.url, contentType: type) }
    return try await deferToThread { HTMLPage(response.body, url: response.url, contentType: type) }.value
  }

  /// Tries a store that refuses three times; then the URL is left to a later run.
  private func finish(_ url: String, _ page: PageRecord?, links: [String]) async throws -> Bool {
    let wanted = Self.withOrigins(links).filter { !options.sameHost || seedHosts.contains(hostName($0.value)) }
    for pause in [0.2, 1, 0] {
      do {
        let isOurs = try await store.finish(url, page, links: wanted)
        if !isOurs { tally.lost += 1 }
        return isOurs
      } catch {
        try refuse(error)
        if pause > 0 { try await reactor.sleep(.seconds(pause)).value }
      }
    }
    givenUp.insert(url)
    return false
  }

  private func note(_ page: PageRecord) {
    tally.stored += 1
    switch page.status {
    case .some(300..<400): tally.redirects += 1
    case .some(400...): tally.refused += 1
    case .some: if page.isHTML { tally.html += 1 } else { tally.other += 1 }
    case nil: break
    }
  }
}

/// Of a host that answers by http and https, or at more than one port, there is one.
private func hostName(_ origin: String) -> String { URL(string: origin)?.host() ?? origin }

private func isCancelled(_ error: any Error) -> Bool { error is CancelledError || error is CancellationError }

extension PageRecord {
  fileprivate var isHTML: Bool {
    let type = (type ?? "").prefix { $0 != ";" && $0 != " " }.lowercased()
    return type == "text/html" || type == "application/xhtml+xml"
  }
}
