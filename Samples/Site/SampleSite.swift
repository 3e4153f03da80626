import Swirl

/// A generated site to crawl: pages that link to each other in loops, with many kinds of faults.
///
/// The same seed gives the same pages. All pages are reachable from `/page/0`. By the last two digits of their numbers,
/// pages 7 and 57 are redirects, 13 and 63 missing, 23 and 73 server errors, 31 and 81 truncated, 37 and 87 not HTML,
/// 41 and 91 ten times as slow, 43 and 93 in ISO-8859-1. robots.txt disallows `/private/`; a request for a page below
/// it is answered with a complaint.
final class SampleSite {
  /// The number of pages.
  let pages: Int
  private let seed: UInt64
  private let delay: Duration
  private let hasDeadHosts: Bool
  /// The number of requests for each path.
  private(set) var requests: [String: Int] = [:]

  /// - Parameters:
  ///   - pages: the number of pages.
  ///   - delay: the delay of each response.
  ///   - seed: the seed of the random links.
  ///   - hasDeadHosts: whether some pages link to hosts that do not exist.
  init(pages: Int = 500, delay: Duration = .zero, seed: UInt64 = 1, hasDeadHosts: Bool = false) {
    self.pages = pages
    self.delay = delay
    self.seed = seed
    self.hasDeadHosts = hasDeadHosts
  }

  /// The site's server. `/requests` returns the number of requests for each path, as JSON.
  func makeServer(on reactor: Reactor) -> HTTPServer {
    HTTPServer { [self] request -> Deferred<HTTPServer.Response> in
      let path = request.path
      if path == "/requests" { return .succeed(try .json(requests)) }
      requests[path, default: 0] += 1
      let number = Self.number(of: path)
      let time = number.map { [41, 91].contains($0 % 100) ? delay * 10 : delay } ?? .zero
      let response = response(to: path, number)
      return time > .zero ? reactor.sleep(time).addCallback { response } : .succeed(response)
    }
  }

  private static func number(of path: String) -> Int? {
    if path == "/" { return 0 }
    return path.hasPrefix("/page/") ? Int(path.dropFirst(6)) : nil
  }

  private func response(to path: String, _ number: Int?) -> HTTPServer.Response {
    if path == "/robots.txt" { return .text("User-agent: *\nDisallow: /private/\nAllow: /private/open\n") }
    if path.hasPrefix("/private/") {
      return .html("<title>\(path)</title>a page that robots were asked to leave alone")
    }
    guard let number, (0..<pages).contains(number) else { return .text("no such page", status: .notFound) }
    switch number % 50 {
    case 7: return .redirect(to: "/page/\(number + 1)#after")
    case 13: return .text("no such page", status: .notFound)
    case 23: return .html("<title>broken</title>", status: .internalServerError)
    case 31:
      return .stream(headers: [.contentType: "text/html"], length: 10_000) { body in
        body.write("<title>half</title>")
        // Delayed, so that the first half arrives before the reset.
        Reactor.current.callLater(.milliseconds(5)) { body.abort() }
      }
    case 37: return .bytes([0x25, 0x50, 0x44, 0x46, 0, 1, 2, 3, 0xFF], type: "application/pdf")
    case 43:
      return .bytes(
        html(number, title: "Caf\u{E9} \(number)").unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) },
        type: "text/html; charset=iso-8859-1")
    default: return .html(html(number, title: "Page \(number)"))
    }
  }

  /// A page with links to the next ones, so that all are reachable despite faults, to some earlier and later ones, and
  /// to itself.
  private func html(_ number: Int, title: String) -> String {
    var draw = Draw(state: seed &* 0x9E37_79B9 &+ UInt64(number))
    var links = (1...6).map { "/page/\(number + $0)" }.filter { Int($0.dropFirst(6))! < pages }
    for _ in 0..<6 { links.append("../page/\(draw.below(pages))") }
    links += ["#top", "/page/\(number)#part", links[0], "mailto:a@example.org", "javascript:void(0)"]
    if number % 10 == 0 { links += ["/private/\(number)", "http://[no-url", "http://a b/"] }
    if hasDeadHosts, number % 100 == 50 { links += ["http://no-such-host.invalid/", "http://127.0.0.1:1/"] }
    let list = links.map { "<li><a href=\"\($0)\">\($0)</a>" }.joined(separator: "\n")
    return "<!DOCTYPE html><title>\(title)</title>\n<p>Some text &amp; more of it.\n<ul>\n\(list)\n</ul>\n"
  }
}

/// Deterministic pseudo-random numbers (SplitMix64).
private struct Draw {
  var state: UInt64

  mutating func below(_ limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(limit))
  }
}
