import SwirlCoordination
import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

extension HTTPClient.Middleware {
  /// Limits requests to each origin to `rate` per second.
  ///
  /// A bucket for each origin holds `burst` requests, which may go out at once, and is filled again at the rate. When
  /// it is empty, requests wait in FIFO order. The turn of a cancelled request is lost, so that the rate still holds.
  public static func rateLimit(_ rate: Double, burst: Int = 1) -> Self {
    let buckets = Buckets(rate: rate, burst: burst)
    return Self("rate limit", .rateLimit) { request, next in
      // The client reports an invalid URL.
      guard let origin = try? HTTPURL(request.url).origin else { return next(request) }
      let turn = buckets.bucket(of: origin).take()
      return turn.isFired ? next(request) : turn.addCallback { next(request) }
    }
  }
}

/// A bucket for each recently used origin.
private final class Buckets {
  private let rate: Double
  private let burst: Int
  private var buckets: [Origin: TokenBucket] = [:]

  init(rate: Double, burst: Int) { (self.rate, self.burst) = (rate, burst) }

  func bucket(of origin: Origin) -> TokenBucket {
    if let bucket = buckets[origin] { return bucket }
    // A full bucket is equivalent to a new one.
    if buckets.count > 1000 { buckets = buckets.filter { !$0.value.isFull } }
    let bucket = TokenBucket(rate: rate, burst: burst, clock: Reactor.current)
    buckets[origin] = bucket
    return bucket
  }
}
