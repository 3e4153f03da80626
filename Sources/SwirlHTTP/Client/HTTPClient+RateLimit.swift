import SwirlDeferred
import SwirlReactor

extension HTTPClient {
  /// Sends to each origin no more requests than `rate` a second: for `intercept`.
  ///
  /// A bucket for each origin holds `burst` requests, which may go out at once, and is filled again at the rate. What comes when it is
  /// empty waits its turn, in order; cancelling a request gives its turn to nobody, so that the rate is kept all the same.
  public static func rateLimit(_ rate: Double, burst: Int = 1) -> Interceptor {
    precondition(rate > 0 && burst > 0, "a limit lets a request through now and then")
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

/// How full the bucket of each origin is, as the moment from which it would be full: one number tells it for all times.
private final class Buckets {
  private let interval: Int64
  private let burst: Int64
  private var fullAt: [Origin: Int64] = [:]

  init(rate: Double, burst: Int) {
    interval = Int64(1e9 / rate)
    self.burst = Int64(burst)
  }

  /// Takes a place, and returns how long to wait for it, in nanoseconds.
  func delay(for origin: Origin, now: Int64) -> Int64 {
    if fullAt.count > 1000 { fullAt = fullAt.filter { $0.value > now } }
    let full = max(fullAt[origin] ?? now, now) + interval
    fullAt[origin] = full
    return max(0, full - now - interval * burst)
  }
}
