extension HTTPClient {
  /// How many connections a client has, and how many requests wait for one.
  public struct Counts: Sendable, Equatable, CustomStringConvertible {
    /// Connections that carry a request.
    public var busy = 0
    /// Connections that are kept for the next.
    public var idle = 0
    /// Connections that are being made.
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
