import SwirlDeferred
import SwirlReactor

/// The names that a resolver asks the system for, on threads of its own: `getaddrinfo` may take half a minute for a name whose server is
/// down, and cannot be stopped.
final class SystemLookups {
  /// So many names that someone waits for are looked up at the same time.
  static let threads = 8
  /// So many threads may be busy with names that no one waits for any more.
  static let abandonedThreads = 128

  private let pool = ThreadPool(size: threads, maximumAbandoned: abandonedThreads, name: "swirl-resolver")
  private var calls: [String: ThreadCall<[SocketAddress]>] = [:]
  /// Asks for one name, on a thread.
  var lookUp: @Sendable (_ name: String) throws -> [SocketAddress] = { try SystemLookup.addresses(of: $0) }
  // The reactor owns the resolver, and that owns this.
  private unowned let reactor: Reactor

  init(on reactor: Reactor) { self.reactor = reactor }

  /// The addresses of `name`, which is not being asked for.
  func addresses(of name: String) -> Deferred<[SocketAddress]> {
    let call = reactor.callThread(in: pool) { [lookUp] in try lookUp(name) }
    if !call.result.isFired { calls[name] = call }
    return call.result.addBoth { [weak self] result in
      self?.calls[name] = nil
      return try result.mapError { Self.error($0, name) }.get()
    }
  }

  /// No one waits for `name` any more. If no thread has begun with it, it is not asked for; else its thread leaves its place to another.
  func leave(_ name: String) {
    if let call = calls[name] { reactor.leave(call) }
  }

  private static func error(_ error: any Error, _ name: String) -> any Error {
    switch error as? ThreadPoolError {
    case nil: error
    case .allAbandoned:
      NetError(
        .resolve, name,
        reason: "\(abandonedThreads) names that were given up are still being looked up: no name server answers; "
          + "check the network, or try again later")
    case let refusal?: NetError(.resolve, name, reason: refusal.description)
    }
  }
}
