import SwirlDeferred
import SwirlReactor

/// The lookups of a resolver, on its own threads: `getaddrinfo` may take half a minute for a name whose server is down,
/// and cannot be stopped.
final class SystemLookups {
  /// The maximum number of simultaneous live lookups.
  static let threads = 8
  /// The maximum number of threads busy with cancelled lookups.
  static let abandonedThreads = 128

  private let pool = ThreadPool(size: threads, maximumAbandoned: abandonedThreads, name: "swirl-resolver")
  private var calls: [String: ThreadCall<[SocketAddress]>] = [:]
  /// Looks up one name, on a thread.
  var lookUp: @Sendable (_ name: String) throws -> [SocketAddress] = { try SystemLookup.addresses(of: $0) }
  // Unowned: the reactor owns the resolver, which owns this.
  private unowned let reactor: Reactor

  init(on reactor: Reactor) { self.reactor = reactor }

  /// The addresses of `name`, which has no running lookup.
  func addresses(of name: String) -> Deferred<[SocketAddress]> {
    let call = reactor.callThread(in: pool) { [lookUp] in try lookUp(name) }
    if !call.result.isFired { calls[name] = call }
    return call.result.addBoth { [weak self] result in
      self?.calls[name] = nil
      return try result.mapError { Self.error($0, name) }.get()
    }
  }

  /// `name` has no waiters any more. If no thread has started its lookup, it is dropped; otherwise its thread no longer
  /// counts. Returns whether it had a lookup here.
  func leave(_ name: String) -> Bool {
    guard let call = calls[name] else { return false }
    reactor.leave(call)
    return true
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
