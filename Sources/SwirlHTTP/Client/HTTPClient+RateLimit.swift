import SwirlCoordination
import SwirlDeferred
import SwirlReactor

extension HTTPClient {
  /// Sends to each origin no more requests than `rate` a second: for `intercept`.
  ///
  /// A bucket for each origin holds `burst` requests, which may go out at once, and is filled again at the rate. What comes when it is
  /// empty waits its turn, in order; cancelling a request gives its turn to nobody, so that the rate is kept all the same.
  public static func rateLimit(_ rate: Double, burst: Int = 1) -> Interceptor {
    let buckets = Buckets(rate: rate, burst: burst)
    return { request, next in
      // What is wrong with a URL is told by the client.
      guard let origin = try? HTTPURL(request.url).origin else { return next(request) }
      let reactor = Reactor.current
      let delay = buckets.delay(for: origin, now: reactor.now.nanoseconds)
      if delay == 0 { return next(request) }
      return reactor.sleep(.nanoseconds(delay)).addCallback { _ in next(request) }
    }
  }
}

/// A bucket for each origin that was asked lately.
private final class Buckets {
  private let empty: Bucket
  private var buckets: [Origin: Bucket] = [:]

  init(rate: Double, burst: Int) { empty = Bucket(rate: rate, burst: burst) }

  /// Takes a place, and returns how long to wait for it, in nanoseconds.
  func delay(for origin: Origin, now: Int64) -> Int64 {
    if buckets.count > 1000 { buckets = buckets.filter { $0.value.fullAt > now } }
    return buckets[origin, default: empty].take(now: now)
  }
}
