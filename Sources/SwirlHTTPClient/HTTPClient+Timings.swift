public import SwirlDeferred
import SwirlNet
import SwirlReactor

extension HTTPClient {
  /// The durations of the steps of a request, each counted from its start.
  ///
  /// Each is the time at the start of the reactor's turn. After redirects, those from `resolved` to `firstByte` are of
  /// the last request. curl: `time_namelookup`, `time_connect`, `time_appconnect`, `time_pretransfer`,
  /// `time_starttransfer`, `time_total`.
  public struct Timings: Sendable {
    /// The start of the request, on the reactor's clock.
    public let start: Instant
    /// When the name was resolved; nil on a reused connection, and without a name.
    public let resolved: Duration?
    /// When the connection was established, including a proxy's tunnel; nil on a reused connection.
    public let connected: Duration?
    /// When the TLS handshake was complete; nil without TLS, and on a reused connection.
    public let secured: Duration?
    /// When the request was passed to the connection.
    public let sent: Duration
    /// When the first byte of the response arrived.
    public let firstByte: Duration
    /// When the response was complete; nil in a streamed response, whose content is still arriving.
    public let done: Duration?

    /// Whether it went over a connection that had carried a request before.
    public let isReused: Bool
  }
}

/// The recorded times of a request, on the reactor's clock, from which a `Timings` is made on demand.
struct ExchangeTimes: Sendable {
  var start: Int64 = 0
  var sent: Int64 = 0
  var firstByte: Int64 = 0
  /// 0 while the response is incomplete.
  var done: Int64 = 0

  /// The times of a response from the cache alone.
  static var atOnce: ExchangeTimes {
    // A test that makes a response may have no reactor.
    let now = Reactor.currentIfAny?.turnTime ?? 0
    return ExchangeTimes(start: now, sent: now, firstByte: now, done: now)
  }
}

/// How a connection was made, in one object, so that a response carries it at the cost of one reference.
final class ConnectionBirth: Sendable {
  let times: ConnectTimes
  init(_ times: ConnectTimes) { self.times = times }
}

extension HTTPClient.Timings {
  init(_ times: ExchangeTimes, on connection: ConnectionBirth?) {
    let connection = connection?.times
    func since(_ moment: Int64?) -> Duration? {
      guard let moment, moment > 0 else { return nil }
      // The connect may have started for an earlier request.
      return .nanoseconds(max(0, moment - times.start))
    }
    start = Instant(nanoseconds: times.start)
    resolved = since(connection?.resolved)
    connected = since(connection?.connected)
    secured = since(connection?.secured)
    sent = since(times.sent) ?? .zero
    firstByte = since(times.firstByte) ?? .zero
    done = since(times.done)
    isReused = connection == nil
  }
}
