import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

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
      let turn = buckets.bucket(of: origin).take()
      return turn.isFired ? next(request) : turn.addCallback { next(request) }
    }
  }
}

/// A bucket for each origin that was asked lately.
private final class Buckets {
  private let rate: Double
  private let burst: Int
  private var buckets: [Origin: TokenBucket] = [:]

  init(rate: Double, burst: Int) { (self.rate, self.burst) = (rate, burst) }

  func bucket(of origin: Origin) -> TokenBucket {
    if let bucket = buckets[origin] { return bucket }
    // One that is full is as good as a new one.
    if buckets.count > 1000 { buckets = buckets.filter { !$0.value.isFull } }
    let bucket = TokenBucket(rate: rate, burst: burst, clock: Reactor.current)
    buckets[origin] = bucket
    return bucket
  }
}
