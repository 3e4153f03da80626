extension HTTPClient {
  /// The numbers of a client's connections, and of requests that wait for one.
  public struct Counts: Sendable, Equatable, CustomStringConvertible {
    /// Connections that carry a request.
    public var busy = 0
    /// Idle connections.
    public var idle = 0
    /// Connects in progress.
    public var connecting = 0
    /// Requests that wait for a connection.
    public var waiting = 0

    static func += (sum: inout Counts, more: Counts) {
      sum.busy += more.busy
      sum.idle += more.idle
      sum.connecting += more.connecting
      sum.waiting += more.waiting
    }

    /// All four in words.
    public var description: String { "\(busy) busy, \(idle) idle, \(connecting) connecting, \(waiting) waiting" }
  }
}
