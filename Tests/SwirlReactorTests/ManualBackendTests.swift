import Testing

@testable import SwirlReactor

@Suite struct ManualBackendTests {
  let backend = ManualBackend()
  let reactor: Reactor
  // Numbers that no descriptor of the process has.
  let first: Int32 = 100_005
  let second: Int32 = 100_006

  init() { reactor = Reactor(clock: .virtual(), backend: backend) }

  @Test func `A ready descriptor calls its watch in each turn until it is read, and only while it is watched`() throws {
    var calls = 0
    try reactor.addReader(first) { [backend, first] in
      calls += 1
      if calls == 3 { backend.setReady(first, .read, false) }
    }
    try reactor.addWriter(first) {}
    backend.setReady(first, .read)
    #expect(backend.watched(.read) == [first] && backend.watched(.write) == [first])
    reactor.callLater(.seconds(1)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    #expect(calls == 3)
    reactor.removeReader(first)
    #expect(backend.watched(.read) == [] && backend.watched(.write) == [first])
    reactor.removeAll()
    #expect(backend.watched(.write) == [])
  }

  @Test func `A callback that removes another watch that is ready in the same turn keeps it from being called`() throws
  {
    var seen: [Int] = []
    try reactor.addReader(first) { [unowned reactor, first, second] in
      seen.append(5)
      reactor.removeReader(second)
      reactor.removeReader(first)
    }
    try reactor.addReader(second) { seen.append(6) }
    backend.setReady(first, .read)
    backend.setReady(second, .read)
    reactor.callLater(.seconds(1)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    #expect(seen == [5])
  }

  @Test func `What the backend refuses cannot be watched, and leaves no handle`() {
    backend.refused = [first]
    #expect(throws: CannotWatchError.self) { try reactor.addReader(first) {} }
    #expect(throws: CannotWatchError.self) { try reactor.addReader(Int32(-1)) {} }
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `Each backend says by which way it waits`() {
    #expect(reactor.base.method == "manual")
    #expect(["epoll", "kqueue", "poll", "select"].contains(Reactor().base.method))
  }
}
