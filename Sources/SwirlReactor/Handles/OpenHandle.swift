public import SwirlDeferred

/// An open handle of a reactor, from ``Reactor/openHandles``. libuv: a handle.
public struct OpenHandle: Sendable, CustomStringConvertible {
  /// The kind of a handle. Kinds compare in the order in which a released reactor closes them.
  public struct Kind: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// `listener`, `connection` …
    public let description: String
    private let order: UInt8

    /// A listening port or path.
    public static let listener = Kind(description: "listener", order: 0)
    /// An HTTP client, which may hold connections and requests.
    public static let client = Kind(description: "client", order: 1)
    /// A connect in progress, from the lookup of the name.
    public static let connect = Kind(description: "connect", order: 2)
    /// A TLS handshake in progress.
    public static let handshake = Kind(description: "handshake", order: 3)
    /// An established connection with its protocol.
    public static let connection = Kind(description: "connection", order: 4)
    /// A child process that has not ended.
    public static let process = Kind(description: "process", order: 5)
    /// A pipe of a child process that is being read.
    public static let pipe = Kind(description: "pipe", order: 6)
    /// A descriptor that the program watches with `addReader` or `addWriter`.
    public static let descriptor = Kind(description: "descriptor", order: 7)
    /// A signal that the program handles.
    public static let signal = Kind(description: "signal", order: 8)
    /// A WebSocket that connects again when its connection is lost, from its making up to its end.
    public static let reconnectingWebSocket = Kind(description: "reconnecting WebSocket", order: 9)
    /// A socket for datagrams.
    public static let datagramSocket = Kind(description: "datagram socket", order: 10)
    /// A connection that is made again when it is lost, from its start to its stop.
    public static let clientService = Kind(description: "client service", order: 11)
    /// A program that is started again when it ends, from its start to its stop.
    public static let monitoredProgram = Kind(description: "monitored program", order: 12)
    /// A watch on a file or a directory.
    public static let fileWatcher = Kind(description: "file watcher", order: 13)
    /// A client of names, while it has lookups under way.
    public static let nameClient = Kind(description: "name client", order: 14)

    /// Whether `a` is closed before `b`.
    public static func < (a: Kind, b: Kind) -> Bool { a.order < b.order }
  }

  /// Its kind.
  public let kind: Kind
  /// The peer's address, the listening address, the program or the descriptor; nil without any of them.
  public let peer: String?
  /// How long it has been open.
  public let age: Duration
  /// Where the program made it. A connection has the place of its listener or client.
  public let site: CallSite

  /// A line for logs.
  public var description: String {
    "\(kind)\(peer.map { " \($0)" } ?? ""), open for \(age), made at \(site)"
  }
}

extension Reactor {
  /// Everything that is open on this reactor: kind by kind, in the order of ``OpenHandle/Kind``, and within a kind in
  /// the order of insertion.
  ///
  /// For inspection, or a test that counts leaked handles. Call it on the reactor's thread; it takes linear time.
  public var openHandles: [OpenHandle] {
    let now = turnTime
    return handles.inOrder.map { entry in
      OpenHandle(
        kind: entry.handle.handleKind, peer: entry.handle.handlePeer, age: .nanoseconds(max(0, now - entry.birth)),
        site: entry.site)
    }
  }

  /// Lists `handle` until ``HandleList/remove(_:)``.
  /// - Parameter isKept: whether the list retains it, for handles without another owner.
  package func insertHandle(_ handle: any ReactorHandle, isKept: Bool = true, at site: CallSite) {
    handles.insert(handle, isKept: isKept, at: site, birth: turnTime)
  }
}
