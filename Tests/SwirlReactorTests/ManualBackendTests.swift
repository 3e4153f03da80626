import Testing

@testable import SwirlReactor

@Suite struct ManualBackendTests {
  let backend = ManualBackend()
  let reactor: Reactor

  init() { reactor = Reactor(clock: .virtual(), backend: backend) }

  @Test func `A ready descriptor calls its watch in each turn until it is read, and only while it is watched`() throws {
    var calls = 0
    try reactor.addReader(5) { [backend] in
      calls += 1
      if calls == 3 { backend.setReady(5, .read, false) }
    }
    try reactor.addWriter(5) {}
    backend.setReady(5, .read)
    #expect(backend.watched(.read) == [5] && backend.watched(.write) == [5])
    reactor.callLater(.seconds(1)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    #expect(calls == 3)
    reactor.removeReader(5)
    #expect(backend.watched(.read) == [] && backend.watched(.write) == [5])
    reactor.removeAll()
    #expect(backend.watched(.write) == [])
  }

  @Test func `A callback that removes another watch that is ready in the same turn keeps it from being called`() throws {
    var seen: [Int] = []
    try reactor.addReader(5) { [unowned reactor] in
      seen.append(5)
      reactor.removeReader(6)
      reactor.removeReader(5)
    }
    try reactor.addReader(6) { seen.append(6) }
    backend.setReady(5, .read)
    backend.setReady(6, .read)
    reactor.callLater(.seconds(1)) { [unowned reactor] in reactor.crash() }
    reactor.run()
    #expect(seen == [5])
  }

  @Test func `What the backend refuses cannot be watched, and leaves no handle`() {
    backend.refused = [9]
    #expect(throws: CannotWatchError.self) { try reactor.addReader(9) {} }
    #expect(throws: CannotWatchError.self) { try reactor.addReader(-1) {} }
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `Each backend says by which way it waits`() {
    #expect(reactor.base.method == "manual")
    #expect(["epoll", "kqueue", "poll", "select"].contains(Reactor().base.method))
  }
}
