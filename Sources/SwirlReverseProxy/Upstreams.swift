import SwirlDeferred
import SwirlHTTPCore

/// A server that requests are passed to.
final class Upstream {
  /// Its URL without a path.
  let origin: String
  /// For the Host field.
  let authority: String
  /// What comes before the paths of requests, without a slash at its end.
  let path: String
  /// Until when it gets no request, on the reactor's clock, because it could not be connected to.
  var failedUntil = Int64.min

  init(_ url: String) {
    do {
      let parsed = try HTTPURL(url)
      require(
        !parsed.target.utf8.contains(UInt8(ascii: "?")) && parsed.text == parsed.textWithFragment,
        "the upstream \"\(url)\" has a query or a fragment: a reverse proxy passes those of requests")
      origin = parsed.origin.prefix
      authority = parsed.origin.socketPath == nil ? parsed.origin.authority : "localhost"
      path = parsed.target.hasSuffix("/") ? String(parsed.target.dropLast()) : parsed.target
    } catch {
      fatalError("the upstream \"\(url)\" is no URL: \(error.reason)")
    }
  }
}

/// The choice of an upstream: each in turn, without those that have failed lately.
final class Upstreams {
  let all: [Upstream]
  private let pause: Int64
  private var next = 0

  init(_ all: [Upstream], pause: Duration) {
    self.all = all
    self.pause = pause.nanoseconds
  }

  /// The next one, but for those of `tried`; one that has failed lately if there is no other.
  func choose(at now: Int64, except tried: [Upstream] = []) -> Upstream? {
    if all.count == 1 { return tried.isEmpty ? all[0] : nil }
    defer { next = (next + 1) % all.count }
    let turns = all[next...] + all[..<next]
    let untried = turns.filter { upstream in !tried.contains { $0 === upstream } }
    return untried.first { $0.failedUntil <= now } ?? untried.min { $0.failedUntil < $1.failedUntil }
  }

  /// It could not be connected to.
  func noteFailure(of upstream: Upstream, at now: Int64) {
    let (until, overflow) = now.addingReportingOverflow(pause)
    upstream.failedUntil = overflow ? .max : until
  }
}
