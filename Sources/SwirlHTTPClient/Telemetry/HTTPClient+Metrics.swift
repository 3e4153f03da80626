#if Metrics
public import CoreMetrics
import SwirlDeferred
import SwirlReactor

extension HTTPClient.Middleware {
  /// Measures requests, with the package trait `Metrics`.
  ///
  /// By OpenTelemetry's semantic conventions: `http.client.request.duration`, a timer, with `http.request.method`,
  /// `server.address`, `server.port`, `url.scheme`, `http.response.status_code` and `error.type`;
  /// `http.client.active_requests`, a meter, with the first four of them. Each server and status has its own series, so
  /// a client of many servers makes many.
  ///
  /// - Parameter factory: the metrics factory; by default the program's.
  public static func metrics(_ factory: any MetricsFactory = MetricsSystem.factory) -> Self {
    let instruments = Instruments(factory)
    return Self("metrics", .metrics) { request, next in
      let seen = Observation(request)
      let active = instruments.active(seen)
      active.increment(by: 1)
      return Observation.observe(next(request)) { outcome in
        active.decrement(by: 1)
        instruments.timer(seen, outcome).recordNanoseconds(seen.duration.nanoseconds)
      }
    }
  }
}

/// Cached timers and meters: making one may cost more than using it.
private final class Instruments {
  private let factory: any MetricsFactory
  private var timers: [[String]: Timer] = [:]
  private var meters: [[String]: Meter] = [:]
  /// Beyond this number they are made anew each time.
  private static let most = 1000

  init(_ factory: any MetricsFactory) { self.factory = factory }

  func timer(_ seen: Observation, _ outcome: Observation.Outcome) -> Timer {
    var dimensions = seen.dimensions
    if let status = outcome.status { dimensions.append(("http.response.status_code", "\(status)")) }
    if let type = outcome.errorType { dimensions.append(("error.type", type)) }
    let key = dimensions.map { "\($0.0)=\($0.1)" }
    if let known = timers[key] { return known }
    let timer = Timer(
      label: "http.client.request.duration", dimensions: dimensions, preferredDisplayUnit: .seconds, factory: factory)
    if timers.count < Self.most { timers[key] = timer }
    return timer
  }

  func active(_ seen: Observation) -> Meter {
    let key = seen.dimensions.map { "\($0.0)=\($0.1)" }
    if let known = meters[key] { return known }
    let meter = Meter(label: "http.client.active_requests", dimensions: seen.dimensions, factory: factory)
    if meters.count < Self.most { meters[key] = meter }
    return meter
  }
}

extension Observation {
  fileprivate var dimensions: [(String, String)] {
    var dimensions = [("http.request.method", method)]
    if let address { dimensions.append(("server.address", address)) }
    if let port { dimensions.append(("server.port", "\(port)")) }
    if let scheme { dimensions.append(("url.scheme", scheme)) }
    return dimensions
  }
}
#endif
import SwirlHTTPCore
