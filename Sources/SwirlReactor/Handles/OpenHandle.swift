public import SwirlDeferred

/// Something that is open on a reactor: what ``Reactor/openHandles`` lists. libuv: a handle.
public struct OpenHandle: Sendable, CustomStringConvertible {
  /// What it is. The kinds stand in the order in which a reactor that is released closes them.
  public struct Kind: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// `listener`, `connection` …
    public let description: String
    private let order: UInt8

    /// A port or path that is listened on.
    public static let listener = Kind(description: "listener", order: 0)
    /// An HTTP client, which may hold connections and requests.
    public static let client = Kind(description: "client", order: 1)
    /// A connect that is under way, from the lookup of the name on.
    public static let connect = Kind(description: "connect", order: 2)
    /// A TLS handshake that is under way.
    public static let handshake = Kind(description: "handshake", order: 3)
    /// A connection that has its protocol.
    public static let connection = Kind(description: "connection", order: 4)
    /// A child process that has not ended.
    public static let process = Kind(description: "process", order: 5)
    /// A pipe of a child process, from which bytes are read.
    public static let pipe = Kind(description: "pipe", order: 6)
    /// A descriptor that the program watches with `addReader` or `addWriter`.
    public static let descriptor = Kind(description: "descriptor", order: 7)
    /// A signal that the program handles.
    public static let signal = Kind(description: "signal", order: 8)

    /// Whether `a` is closed before `b`.
    public static func < (a: Kind, b: Kind) -> Bool { a.order < b.order }
  }

  /// What it is.
  public let kind: Kind
  /// The address at the other end, the address that is listened on, the program or the descriptor; nil where there is nothing to name.
  public let peer: String?
  /// How long it has been open.
  public let age: Duration
  /// Where the program made it. A connection has the place of its listener, or of the client that made it.
  public let site: CallSite

  /// All of it in a line, for logs.
  public var description: String {
    "\(kind)\(peer.map { " \($0)" } ?? ""), open for \(age), made at \(site)"
  }
}

extension Reactor {
  /// Everything that is open on this reactor: kind by kind, in the order of ``OpenHandle/Kind``, and within a kind in the order of making.
  ///
  /// For an inspector, or a test that counts what it left open. On the reactor's thread; it costs a pass over all of them.
  public var openHandles: [OpenHandle] {
    let now = turnTime
    return handles.inOrder.map { entry in
      OpenHandle(
        kind: entry.handle.handleKind, peer: entry.handle.handlePeer, age: .nanoseconds(max(0, now - entry.birth)),
        site: entry.site)
    }
  }

  /// Lists `handle` until ``HandleList/remove(_:)``.
  /// - Parameter isKept: whether the list holds a strong reference, as to what works on with no other owner.
  package func insertHandle(_ handle: any ReactorHandle, isKept: Bool = true, at site: CallSite) {
    handles.insert(handle, isKept: isKept, at: site, birth: turnTime)
  }
}
