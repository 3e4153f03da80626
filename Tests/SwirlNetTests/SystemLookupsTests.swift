import Dispatch
import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet

/// A name service on threads: a lookup of a name that begins with `slow` blocks until the gate is opened, once for
/// each.
private final class SlowNames: Sendable {
  let gate = DispatchSemaphore(value: 0)
  /// Signalled for each slow lookup that a thread has started.
  let begun = DispatchSemaphore(value: 0)
  let address = SocketAddress(ip: "127.0.0.1", port: 0)!

  func install(in resolver: Resolver) {
    resolver.system.lookUp = { [self] name in
      if name.hasPrefix("slow") {
        begun.signal()
        gate.wait()
      }
      return [address]
    }
  }
}

@Suite(.failsOnUnhandledFailures) struct SystemLookupsTests {
  let reactor = Reactor()
  private let names = SlowNames()

  /// Runs the reactor until the name has its result.
  private func resolve(_ name: String) -> Result<[SocketAddress], any Error>? {
    unowned let reactor = reactor
    var outcome: Result<[SocketAddress], any Error>?
    let limit = reactor.callLater(.seconds(20)) { reactor.stop() }
    reactor.resolver.resolve(name).addBoth { result in
      outcome = result
      reactor.stop()
    }
    reactor.run()
    limit.cancel()
    return outcome
  }

  @Test(arguments: [true, false])
  func `eighty slow names that were given up do not hold a good one up, and those not begun are never asked for`(
    lastFirst: Bool
  ) throws {
    names.install(in: reactor.resolver)
    let slow = (0..<80).map { reactor.resolver.resolve("slow\($0).test") }
    for _ in 0..<SystemLookups.threads { names.begun.wait() }
    for question in lastFirst ? slow.reversed() : slow { question.cancel() }
    for question in slow { try failureResult(of: question, as: CancelledError.self) }
    #expect(try resolve("good.test")?.get() == [names.address])
    // Cancelled in order: each frees its place for one that is still wanted.
    if lastFirst { #expect(names.begun.wait(timeout: .now()) == .timedOut) }
    for _ in slow { names.gate.signal() }
  }

  @Test func `names given up one after the other leave their places, until they are too many; then names fail at once`()
    throws
  {
    names.install(in: reactor.resolver)
    let count = SystemLookups.abandonedThreads + SystemLookups.threads
    for number in 0..<count {
      let question = reactor.resolver.resolve("slow\(number).test")
      names.begun.wait()
      question.cancel()
      try failureResult(of: question, as: CancelledError.self)
    }
    let refused = try failureResult(of: reactor.resolver.resolve("good.test"), as: NetError.self)
    #expect(
      refused.description
        == "resolve good.test: 128 names that were given up are still being looked up: no name server answers; "
        + "check the network, or try again later")
    for _ in 0..<count { names.gate.signal() }
    // As soon as one of them has ended, lookups start again.
    var found: [SocketAddress]?
    let limit = ContinuousClock.now + .seconds(20)
    while found == nil, ContinuousClock.now < limit { found = try? resolve("good.test")?.get() }
    #expect(found == [names.address])
  }

  @Test func `the answer to a name that was given up while it was looked up is kept, and a late asker gets it`() throws
  {
    names.install(in: reactor.resolver)
    let first = reactor.resolver.resolve("slow.test")
    names.begun.wait()
    first.cancel()
    try failureResult(of: first, as: CancelledError.self)
    names.gate.signal()
    #expect(try resolve("slow.test")?.get() == [names.address])
    // It was not looked up again.
    #expect(names.begun.wait(timeout: .now()) == .timedOut)
  }

  @Test func `names wait neither for the work of the program nor for files`() throws {
    let blocked = DispatchSemaphore(value: 0)
    for _ in 0..<20 { reactor.callInThread(mayBeAbandoned: true) { blocked.wait() } }
    names.install(in: reactor.resolver)
    #expect(try resolve("good.test")?.get() == [names.address])
    for _ in 0..<20 { blocked.signal() }
  }

  @Test func `a reactor that stops waits for no name`() throws {
    names.install(in: reactor.resolver)
    var isFired = false
    reactor.resolver.resolve("slow.test").addBoth { _ in isFired = true }
    names.begun.wait()
    reactor.callSoon { [unowned reactor] in reactor.stop() }
    reactor.run()
    #expect(!isFired)
    names.gate.signal()
  }
}
