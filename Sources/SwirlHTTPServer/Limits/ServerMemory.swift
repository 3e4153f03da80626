import Logging

/// The memory that waits in the connections of a server, and whether it is too much.
///
/// Each connection reports what it holds when that has changed. What the kernel takes of a large output in between is
/// not reported, so the sum may be too high, and is counted again before the limit takes effect.
final class ServerMemory {
  let limit: Int
  private(set) var total = 0
  /// Whether requests are refused: from the limit on, and until three quarters of it are left.
  private(set) var isOver = false
  private var lastCount = Int64.min
  private var interval = LogInterval()

  init(limit: Int) { self.limit = limit }

  /// What a connection holds has changed.
  func change(by count: Int) { total += count }

  /// Counts again if it may be too much.
  /// - Parameter count: what the connections hold.
  func check(at now: Int64, _ logger: Logger, _ count: () -> Int) {
    guard total > limit || isOver else { return }
    // Counting costs a step a connection.
    if isOver, total > limit / 4 * 3, now - lastCount < Self.countInterval { return }
    lastCount = now
    total = count()
    if !isOver, total > limit {
      isOver = true
      if interval.begin(at: now) {
        logger.warning("\(total) bytes wait in connections, more than \(limit): new requests get 503 until fewer do")
      }
    } else if isOver, total <= limit / 4 * 3 {
      isOver = false
    }
  }

  private static let countInterval: Int64 = 50_000_000
}

extension HTTPServer {
  /// The bytes that wait in all connections: bodies of requests that arrive or are handled, and output that clients
  /// have not taken. See ``Configuration/maximumBufferedBytes``. It looks at each connection.
  public var bufferedBytes: Int { heldConnections.reduce(0) { $0 + $1.heldBytes } }

  /// Reports what a connection holds; whether that is too much, with what others hold.
  func account(_ connection: any ServedConnection, at now: Int64) -> Bool {
    guard let memory else { return false }
    let held = connection.heldBytes
    memory.change(by: held - connection.accountedBytes)
    connection.accountedBytes = held
    return isOverloaded(at: now)
  }

  func isOverloaded(at now: Int64) -> Bool {
    guard let memory else { return false }
    memory.check(at: now, logger) {
      heldConnections.reduce(0) { sum, connection in
        connection.accountedBytes = connection.heldBytes
        return sum + connection.accountedBytes
      }
    }
    return memory.isOver
  }

  /// The connection has ended.
  func release(_ connection: any ServedConnection) {
    memory?.change(by: -connection.accountedBytes)
    connection.accountedBytes = 0
  }
}

extension HTTPServer.StatusError {
  static var overloaded: HTTPServer.StatusError {
    .init(.serviceUnavailable, "the server is busy: try again later", headers: [.retryAfter: "1"])
  }
}
