import SwirlDeferred
import SwirlReactor
import Testing

@testable import SwirlNet

/// A lookup that the test completes.
private final class ManualLookup {
  var asked: [String] = []
  var pending: [Deferred<[SocketAddress]>] = []

  func install(in resolver: Resolver) {
    resolver.lookup = { [unowned self] name in
      asked.append(name)
      pending.append(Deferred())
      return pending.last!
    }
  }
}

private let one = SocketAddress(ip: "127.0.0.1", port: 0)!

extension Deferred {
  /// The current result.
  fileprivate func now() -> Result<Value, any Error>? {
    var result: Result<Value, any Error>?
    if isFired { addBoth { result = $0 } }
    return result
  }
  fileprivate var message: String? {
    if case .failure(let error) = now() { "\(error)" } else { nil }
  }
}

@Suite struct ResolverTests {
  let reactor = Reactor()
  private let manual = ManualLookup()

  @Test(arguments: ["127.0.0.1", "::1", "fe80::1", "0.0.0.0"])
  func `An address is answered at once, without a lookup`(host: String) throws {
    manual.install(in: reactor.resolver)
    let found = try reactor.resolver.resolve(host, port: 80).now()?.get()
    #expect(found?.map(\.host) == [host])
    #expect(found?.map(\.port) == [80])
    #expect(manual.asked.isEmpty)
  }

  @Test(arguments: ["localhost", "LocalHost", "localhost.", "a.localhost"])
  func `localhost is this machine, answered without a thread (RFC 6761 §6.3)`(host: String) throws {
    let found = try reactor.resolver.resolve(host, port: 80).now()?.get()
    #expect(found?.map(\.description) == ["[::1]:80", "127.0.0.1:80"])
  }

  @Test(arguments: [
    ("", "resolve \"\": the host name is empty: give a name such as example.com, or an address"),
    ("a\0b", "resolve \"a\\0b\": a host name cannot hold a NUL byte: check where it comes from"),
    ("[::1]", "resolve \"[::1]\": give an IPv6 address without the brackets"),
  ])
  func `A name that cannot be is refused with what to do`(host: String, message: String) {
    manual.install(in: reactor.resolver)
    #expect(reactor.resolver.resolve(host).message == message)
    #expect(manual.asked.isEmpty)
  }

  @Test func `A name has at most 253 bytes, the last dot not counted (RFC 1035 §3.1)`() {
    manual.install(in: reactor.resolver)
    let longest = String(repeating: "a", count: 253)
    #expect(reactor.resolver.resolve(longest + "a").message?.contains("at most 253 bytes, this one has 254") == true)
    #expect(reactor.resolver.resolve(longest + "a.").message != nil)
    #expect(manual.asked.isEmpty)
    _ = reactor.resolver.resolve(longest)
    _ = reactor.resolver.resolve(longest + ".")
    #expect(manual.asked.count == 2)
  }

  @Test func `Equal questions under way are asked once, and each asker gets its own Deferred`() throws {
    manual.install(in: reactor.resolver)
    let first = reactor.resolver.resolve("Example.test", port: 80)
    let second = reactor.resolver.resolve("example.TEST", port: 443)
    let other = reactor.resolver.resolve("other.test")
    #expect(manual.asked == ["example.test", "other.test"])
    manual.pending[0].callback([one])
    #expect(try first.now()?.get().map(\.port) == [80])
    #expect(try second.now()?.get().map(\.port) == [443])
    #expect(!other.isFired)
  }

  @Test func `Cancelling one asker leaves the others their answer`() throws {
    manual.install(in: reactor.resolver)
    let first = reactor.resolver.resolve("example.test")
    let second = reactor.resolver.resolve("example.test")
    first.cancel()
    #expect(first.message == "CancellationError()")
    manual.pending[0].callback([one])
    #expect(try second.now()?.get() == [one])
  }

  @Test func `An asker may cancel another while the answer is delivered`() throws {
    manual.install(in: reactor.resolver)
    let first = reactor.resolver.resolve("example.test")
    let second = reactor.resolver.resolve("example.test")
    first.addCallback { _ in second.cancel() }
    manual.pending[0].callback([one])
    #expect(second.message == "CancellationError()")
  }

  @Test func `A lookup of the program's is cancelled with its last asker, and started anew for the next`() throws {
    manual.install(in: reactor.resolver)
    let askers = (0..<2).map { _ in reactor.resolver.resolve("example.test") }
    askers[0].cancel()
    #expect(askers[0].message == "CancellationError()" && !manual.pending[0].isFired)
    askers[1].cancel()
    #expect(askers[1].message == "CancellationError()" && manual.pending[0].isFired)
    let next = reactor.resolver.resolve("example.test")
    manual.pending[1].callback([one])
    #expect(try next.now()?.get() == [one] && manual.asked.count == 2)
  }

  @Test func `An answer is used again until its time is over`() {
    withReactor(clock: .virtual()) { reactor in
      let manual = ManualLookup()
      manual.install(in: reactor.resolver)
      reactor.resolver.cacheDuration = .milliseconds(50)
      _ = reactor.resolver.resolve("example.test")
      manual.pending[0].callback([one])
      #expect(reactor.resolver.resolve("example.test").isFired)
      reactor.callLater(.milliseconds(60)) {
        #expect(!reactor.resolver.resolve("example.test").isFired)
        reactor.stop()
      }
      return { #expect(manual.asked.count == 2) }
    }
  }

  @Test func `With a cacheDuration of zero no answer is kept`() {
    manual.install(in: reactor.resolver)
    reactor.resolver.cacheDuration = .zero
    _ = reactor.resolver.resolve("example.test")
    manual.pending[0].callback([one])
    #expect(!reactor.resolver.resolve("example.test").isFired)
  }

  @Test func `removeCachedAnswers() forgets`() {
    manual.install(in: reactor.resolver)
    _ = reactor.resolver.resolve("example.test")
    manual.pending[0].callback([one])
    reactor.resolver.removeCachedAnswers()
    #expect(!reactor.resolver.resolve("example.test").isFired)
  }

  @Test func `A failure reaches every asker and is not kept`() {
    manual.install(in: reactor.resolver)
    let askers = [reactor.resolver.resolve("example.test"), reactor.resolver.resolve("example.test")]
    manual.pending[0].errback(NetError(.resolve, "example.test", reason: "no such name"))
    for asker in askers { #expect(asker.message == "resolve example.test: no such name") }
    #expect(!reactor.resolver.resolve("example.test").isFired)
  }

  @Test func `A name without addresses is a failure`() {
    reactor.resolver.lookup = { _ in .succeed([]) }
    #expect(
      reactor.resolver.resolve("example.test").message
        == "resolve example.test: the name has no IPv4 or IPv6 address")
  }

  @Test func `An address that the lookup gives a port keeps it`() throws {
    reactor.resolver.lookup = { _ in .succeed([one.with(port: 8080), one]) }
    #expect(try reactor.resolver.resolve("example.test", port: 80).now()?.get().map(\.port) == [8080, 80])
  }

  @Test func `A lookup that answers at once, and one that asks again, are fine`() throws {
    let resolver = reactor.resolver
    resolver.lookup = { [unowned resolver] name in
      name == "alias.test" ? resolver.resolve("example.test") : .succeed([one])
    }
    #expect(try resolver.resolve("alias.test").now()?.get() == [one])
  }

  @Test func `A reactor has one resolver`() { #expect(reactor.resolver === reactor.resolver) }

  @Test func `The system is asked on a thread, and its answer comes on the reactor's`() {
    withReactor { reactor in
      var message = ""
      // A label has at most 63 bytes, so no query is sent.
      reactor.resolver.resolve(String(repeating: "a", count: 64)).addBoth { result in
        if case .failure(let error) = result { message = "\(error)" }
        reactor.stop()
      }
      #expect(message.isEmpty)
      return { #expect(message.hasPrefix("resolve aaaaa")) }
    }
  }
}
