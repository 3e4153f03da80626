public import SwirlDeferred
public import SwirlNet
public import SwirlReactor
import Synchronization

/// The servers of a `ReactorGroup`: one on each reactor, all at the same address.
///
/// ```swift
/// let group = ReactorGroup()
/// let servers = try await group.listen(8080) { HTTPServer { request in .text("hello\n") } }
/// print("http://\(servers.localAddress)/")
/// ```
///
/// It may be used from any thread. It retains the group. Go: each goroutine on any core; nginx: a worker a core with
/// `listen … reuseport`; Tornado: `fork_processes(0)`.
public final class HTTPServerGroup: Sendable {
  /// How connections come to the reactors.
  public enum Distribution: Sendable, Hashable {
    /// Each reactor has its own listening socket on the port (SO_REUSEPORT), and the kernel chooses one for each
    /// connection by a hash of its addresses: no thread is between. Many connections are spread evenly, within some
    /// percent; of a few, such as those of a proxy, one reactor may get most. A busy reactor still gets its share.
    /// Linux.
    case kernel
    /// The first reactor accepts, and hands the connections round, one to each in turn. The spread is exact, for a
    /// wake-up of the other thread a connection (some 5 µs). For few and long connections (WebSocket, HTTP/2, proxies),
    /// and where the system does not split a port: macOS, Unix sockets, a single inherited socket.
    case acceptor

    /// `.kernel` on Linux, and `.acceptor` elsewhere.
    public static var automatic: Distribution {
      #if os(Linux)
      .kernel
      #else
      .acceptor
      #endif
    }
  }

  /// The group of reactors.
  public let group: ReactorGroup
  /// The listening address, with the port that the kernel chose for port zero.
  public let localAddress: SocketAddress
  /// The port of ``localAddress``; zero for a Unix socket.
  public var port: Int { localAddress.port }

  let members: [ServerGroupMember]
  private let stopHook = Mutex<Int?>(nil)

  init(_ group: ReactorGroup, _ members: [ServerGroupMember]) {
    self.group = group
    self.members = members
    localAddress = members[0].localAddress
    // Weak: the group must not retain what retains it.
    let hook = group.addStopHook { [weak self] in await self?.stop() }
    stopHook.withLock { $0 = hook }
  }

  deinit {
    stopHook.withLock { $0 }.map(group.removeStopHook)
    for member in members { member.leave() }
  }

  // MARK: - Stopping

  /// Stops all of them, as ``HTTPServer/stop(within:idleFor:)`` does, and waits until no connection is left. The group
  /// of reactors continues.
  ///
  /// Cancelling the task ends the grace period at once. A second call waits for what is left, within its own period.
  ///
  /// - Parameters:
  ///   - gracePeriod: the time limit for requests in progress; nil is that of each server's configuration.
  ///   - idlePeriod: how long idle connections stay open.
  public func stop(within gracePeriod: Duration? = nil, idleFor idlePeriod: Duration = .zero) async {
    await announceStop(within: gracePeriod)
    // First the one that hands connections to the others, so that they still take these.
    await stopAccepting()
    await withTaskGroup(of: Void.self) { stops in
      for member in members {
        stops.addTask { await member.stop(within: gracePeriod, idleFor: idlePeriod) }
      }
    }
  }

  /// Stops all of them. The Deferred fires on this thread's reactor when no connection is left; cancelling it ends the
  /// grace period at once.
  @discardableResult
  public func stop(within gracePeriod: Duration? = nil, idleFor idlePeriod: Duration = .zero) -> Deferred<Void> {
    Reactor.current.deferTask { await self.stop(within: gracePeriod, idleFor: idlePeriod) }
  }

  /// Serves as before for the notice of the servers' configurations.
  private func announceStop(within gracePeriod: Duration?) async {
    if gracePeriod == .zero { return }
    await withTaskGroup(of: Void.self) { notices in
      for member in members {
        notices.addTask { try? await member.thread.run { _ in member.server?.announceStop() ?? .succeed() } }
      }
    }
  }

  private func stopAccepting() async {
    // A task of its own: one that is cancelled would do nothing.
    await Task { [members] in
      for member in members { try? await member.thread.run { _ in member.willStop() } }
      try? await members[0].thread.run { _ in members[0].stopHandingOn() }
    }.value
  }

  // MARK: - While they serve

  /// Reads the certificates and keys of all of them again: see ``HTTPServer/reload()``.
  /// - Throws: `NetError` with the code `.configureTLS`, the first of several. A reactor with unusable files keeps its
  ///   certificates; the others are still reloaded.
  public func reload() async throws {
    var first: (any Error)?
    for member in members {
      do { try await member.thread.run { _ in try member.server?.reload() } } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// Reads the certificates and keys of all of them again. The Deferred fires on this thread's reactor.
  public func reload() -> Deferred<Void> {
    Reactor.current.deferTask { try await self.reload() }
  }

  /// The number of open connections of each server, in the order of the group's threads; zero for a reactor that is
  /// stopped.
  public func connectionCounts() async -> [Int] {
    var counts: [Int] = []
    for member in members {
      counts.append((try? await member.thread.run { _ in member.server?.connectionCount ?? 0 }) ?? 0)
    }
    return counts
  }

  /// Second descriptors of its listening sockets, to pass to another process: see `Reactor.restart`.
  /// - Throws: `NetError` with the code `.listen` if it has stopped.
  public func listeningSockets() async throws -> [ListeningSocket] {
    var sockets: [ListeningSocket] = []
    for member in members {
      sockets += try await member.thread.run { _ in try member.accepting.map { try $0.listeningSocket() } }
    }
    return sockets
  }
}
