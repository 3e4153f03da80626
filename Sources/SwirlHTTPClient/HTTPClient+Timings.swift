import SwirlNet
public import SwirlReactor

extension HTTPClient {
  /// How long the steps of a request took, each counted from when it was asked for.
  ///
  /// Seen as the reactor sees time: at the beginning of the turn in which it happened. Of a request that was redirected, those from
  /// `resolved` to `firstByte` are of the last that was sent. curl: `time_namelookup`, `time_connect`, `time_appconnect`,
  /// `time_pretransfer`, `time_starttransfer`, `time_total`.
  public struct Timings: Sendable {
    /// When it was asked for, on the reactor's clock.
    public let start: Reactor.Instant
    /// When the name had its addresses; nil on a connection that was made before, and where there is no name.
    public let resolved: Duration?
    /// When the connection was there, through a proxy perhaps; nil on one that was made before.
    public let connected: Duration?
    /// When the TLS handshake was done; nil without one, and on a connection that was made before.
    public let secured: Duration?
    /// When the request was handed to the connection.
    public let sent: Duration
    /// When the first byte of the answer came.
    public let firstByte: Duration
    /// When all of it was there; nil in a streamed response, whose content is still to come.
    public let done: Duration?

    /// Whether it went over a connection that had carried a request before.
    public let isReused: Bool
  }
}

/// The moments of a request, on the reactor's clock, as they are noted: what a `Timings` is made of when somebody asks.
struct ExchangeTimes: Sendable {
  var start: Int64 = 0
  var sent: Int64 = 0
  var firstByte: Int64 = 0
  /// 0 while there is more to come.
  var done: Int64 = 0

  /// Those of an answer that came of nothing but a look into a cache.
  static var atOnce: ExchangeTimes {
    // A test that makes a response may have no reactor.
    let now = Reactor.currentIfAny?.turnTime ?? 0
    return ExchangeTimes(start: now, sent: now, firstByte: now, done: now)
  }
}

/// How a connection was made, in one object, so that a response carries it for the price of one reference.
final class ConnectionBirth: Sendable {
  let times: ConnectTimes
  init(_ times: ConnectTimes) { self.times = times }
}

extension HTTPClient.Timings {
  init(_ times: ExchangeTimes, on connection: ConnectionBirth?) {
    let connection = connection?.times
    func since(_ moment: Int64?) -> Duration? {
      guard let moment, moment > 0 else { return nil }
      // The connection may have been begun for another.
      return .nanoseconds(max(0, moment - times.start))
    }
    start = Reactor.Instant(nanoseconds: times.start)
    resolved = since(connection?.resolved)
    connected = since(connection?.connected)
    secured = since(connection?.secured)
    sent = since(times.sent) ?? .zero
    firstByte = since(times.firstByte) ?? .zero
    done = since(times.done)
    isReused = connection == nil
  }
}
