public import Logging
import SwirlDeferred
import SwirlHTTPCore

extension HTTPClient.Middleware {
  /// Writes a line to `logger` for each request when its content has come to its end, or failed.
  ///
  /// The metadata are called as OpenTelemetry does: `http.request.method`, `url.full`, `http.response.status_code`,
  /// `http.response.body.size`, `http.client.request.duration` in seconds, `error.type`. Fields and content are never
  /// written, and of a URL neither a user and password nor what in its query looks like a key or token.
  ///
  /// - Parameters:
  ///   - logger: where to.
  ///   - level: of answers, whatever their status.
  ///   - failureLevel: of requests without a response.
  public static func log(
    to logger: Logger, at level: Logger.Level = .info, failuresAt failureLevel: Logger.Level = .error
  ) -> Self {
    Self("log", .log) { request, next in
      let seen = Observation(request)
      return Observation.observe(next(request)) { write(seen, $0, to: logger, at: level, failureLevel) }
    }
  }

  private static func write(
    _ seen: Observation, _ outcome: Observation.Outcome, to logger: Logger, at level: Logger.Level,
    _ failureLevel: Logger.Level
  ) {
    var metadata: Logger.Metadata = [
      "http.request.method": "\(seen.method)", "url.full": "\(seen.url)",
      "http.client.request.duration": "\(seen.duration.inSeconds)",
    ]
    if let type = outcome.errorType { metadata["error.type"] = "\(type)" }
    if let response = outcome.response {
      metadata["http.response.status_code"] = "\(response.status.code)"
      metadata["http.response.body.size"] = "\(outcome.size)"
      if let outcome = response.cacheOutcome { metadata["swirl.cache"] = "\(outcome)" }
      if outcome.error == nil {
        return logger.log(level: level, "\(seen.method) \(seen.url): \(response.status)", metadata: metadata)
      }
    }
    guard let error = outcome.error else { return }
    let reason = (error as? HTTPError)?.reason ?? "\(error)"
    // The canceller already knows.
    let level = error is CancelledError ? level : failureLevel
    logger.log(level: level, "\(seen.method) \(seen.url): \(reason.withRedactedURLs)", metadata: metadata)
  }
}
