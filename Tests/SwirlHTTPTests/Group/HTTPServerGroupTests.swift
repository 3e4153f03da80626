import Swirl
import SwirlPlatform
import SwirlTesting
import Synchronization
import Testing

@testable import SwirlHTTPServer
@testable import SwirlNet
@testable import SwirlReactor

@Suite(.serialized, .timeLimit(.minutes(10))) struct HTTPServerGroupTests {
  /// An address that no other suite has, so that all sockets there are this suite's, which runs one test after the
  /// other. A port that was left cannot be asked for again at once: a child that another test is starting may have its
  /// descriptor a little longer.
  static let own = "127.0.0.33"

  /// Counts the calls of a closure on several threads.
  final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }

  /// A server that answers with its number, and with how many requests it has had.
  @Sendable private static func numbered(_ counter: Counter) -> HTTPServer {
    let number = counter.next()
    var requests = 0
    return HTTPServer { _ in
      requests += 1
      return .text("\(number) \(requests)")
    }
  }

  @Test(arguments: [HTTPServerGroup.Distribution.kernel, .acceptor])
  func `all reactors serve one port, each with a server of its own`(_ distribution: HTTPServerGroup.Distribution)
    async throws
  {
    let group = ReactorGroup(count: 3)
    let counter = Counter()
    let servers = try await group.listen(0, distribution: distribution) { Self.numbered(counter) }
    #expect(servers.port > 0 && servers.localAddress.host == "127.0.0.1")
    var requests: [Character: Int] = [:]
    for _ in 0..<300 where requests.count < 3 {
      let text = BlockingPeer.fetch(servers.port)
      let number = try #require(text.split(separator: "\r\n\r\n").last?.first)
      requests[number, default: 0] += 1
      // What a server counts is its own.
      #expect(text.hasSuffix("\(number) \(requests[number] ?? 0)"))
    }
    #expect(requests.keys.sorted() == ["1", "2", "3"])
    await servers.stop()
    #expect(BlockingPeer(servers.port) == nil)
    #expect(OwnSockets(of: servers.port).count == 0)
    await group.stop()
  }

  @Test func `the acceptor gives each reactor the same number of connections`() async throws {
    let group = ReactorGroup(count: 3)
    let servers = try await group.listen(0, distribution: .acceptor) { HTTPServer { _ in .text("") } }
    let peers = (0..<30).compactMap { _ in BlockingPeer(servers.port) }
    var counts = await servers.connectionCounts()
    while counts.reduce(0, +) < peers.count { counts = await servers.connectionCounts() }
    #expect(counts == [10, 10, 10])
    await group.stop()
    #expect(peers.allSatisfy { $0.receive().isEmpty })
    #expect(OwnSockets(of: servers.port).atPort == 0)
  }

  @Test func `a thousand connections are split by the kernel within what its hash gives`() async throws {
    let group = ReactorGroup(count: 2)
    let servers = try await group.listen(0, distribution: .kernel) { HTTPServer { _ in .text("") } }
    let peers = (0..<1000).compactMap { _ in BlockingPeer(servers.port) }
    #expect(peers.count == 1000)
    var counts = await servers.connectionCounts()
    while counts.reduce(0, +) < peers.count { counts = await servers.connectionCounts() }
    // A fair coin leaves these bounds once in a billion runs.
    #expect(counts.allSatisfy { (400...600).contains($0) }, "\(counts)")
    await group.stop()
    withExtendedLifetime(peers) {}
  }

  @Test(arguments: [HTTPServerGroup.Distribution.kernel, .acceptor])
  func `if one reactor cannot serve, nothing listens and nothing is left open`(
    _ distribution: HTTPServerGroup.Distribution
  ) async throws {
    struct Refused: Error {}
    let group = ReactorGroup(count: 3)
    let counter = Counter()
    await #expect(throws: Refused.self) {
      _ = try await group.listen(0, interface: Self.own, distribution: distribution) {
        if counter.next() == 3 { throw Refused() }
        return HTTPServer { _ in .text("") }
      }
    }
    #expect(OwnSockets(of: nil, at: Self.own).count == 0)
    // The group is as before.
    let servers = try await group.listen(0, interface: Self.own, distribution: distribution) {
      HTTPServer { _ in .text("again") }
    }
    #expect(BlockingPeer.fetch(servers.port, at: Self.own).hasSuffix("again"))
    await group.stop()
  }

  @Test func `a port that others serve is refused, though they share it as well`() async throws {
    let group = ReactorGroup(count: 2)
    let other = ReactorGroup(count: 2)
    let servers = try await group.listen(0) { HTTPServer { _ in .text("") } }
    await #expect {
      _ = try await other.listen(servers.port) { HTTPServer { _ in .text("") } }
    } throws: {
      ($0 as? NetError)?.errno == EADDRINUSE
        && "\($0)".hasPrefix("listen on 127.0.0.1:\(servers.port): address already")
    }
    await group.stop()
    await other.stop()
  }

  @Test func `stopping the group answers the requests in progress, with Connection: close`() async throws {
    let group = ReactorGroup(count: 2)
    let asked = AsyncStream<Void>.makeStream()
    let servers = try await group.listen(0) {
      HTTPServer { request -> Deferred<HTTPServer.Response> in
        guard request.path == "/slow" else { return .succeed(.text("quick")) }
        let answer = Deferred<HTTPServer.Response>()
        asked.continuation.yield()
        // Fired by the shutdown itself, behind the server's own trigger.
        Reactor.current.addSystemEventTrigger(.before, .shutdown) { answer.callback(.text("slow")) }
        return answer
      }
    }
    let peers = (0..<8).compactMap { _ in BlockingPeer(servers.port) }
    for peer in peers { peer.send(get("/slow")) }
    var events = asked.stream.makeAsyncIterator()
    for _ in peers { await events.next() }
    // The reactors alone: each stops its own server.
    for thread in group.threads { await thread.stop() }
    for peer in peers {
      let text = peer.receive()
      #expect(text.statuses == [200] && text.hasSuffix("slow") && text.contains("Connection: close\r\n"))
    }
    await group.stop()
  }

  @Test(arguments: [HTTPServerGroup.Distribution.kernel, .acceptor])
  func `connections in the queues are answered when all stop`(_ distribution: HTTPServerGroup.Distribution) async throws
  {
    let group = ReactorGroup(count: 2)
    let servers = try await group.listen(0, distribution: distribution) { HTTPServer { _ in .text("still") } }
    // No reactor accepts: both are busy.
    let gate = Mutex(false)
    for thread in group.threads {
      thread.remote.callFromThread { while !gate.withLock(\.self) { usleep(100) } }
    }
    let peers = (0..<40).compactMap { _ in BlockingPeer(servers.port) }
    for peer in peers { peer.send(get()) }
    #expect(peers.count == 40)
    let stop = Task { await servers.stop() }
    gate.withLock { $0 = true }
    // Before the peers read, which holds a thread that the stop may need.
    await stop.value
    for peer in peers {
      let text = peer.receive()
      #expect(text.statuses == [200] && text.hasSuffix("still"), "\(text.debugDescription)")
    }
    #expect(await servers.connectionCounts() == [0, 0])
    #expect(OwnSockets(of: servers.port).atPort == 0)
    await group.stop()
  }

  @Test func `a reactor that has stopped alone gets no connections any more`() async throws {
    let group = ReactorGroup(count: 3)
    let servers = try await group.listen(0, distribution: .acceptor) { HTTPServer { _ in .text("here") } }
    await group.threads[1].stop()
    for _ in 0..<9 { #expect(BlockingPeer.fetch(servers.port).hasSuffix("here")) }
    await group.stop()
  }

  @Test func `a group with a stopped reactor is refused, and its other reactors are undone`() async throws {
    let group = ReactorGroup(count: 3)
    let servers = try await group.listen(0, interface: Self.own) { HTTPServer { _ in .text("") } }
    await servers.stop()
    await group.threads[2].stop()
    await #expect {
      _ = try await group.listen(0, interface: Self.own) { HTTPServer { _ in .text("") } }
    } throws: {
      "\($0)" == "listen on \(Self.own):0: a reactor of the group has stopped: make another group"
    }
    #expect(OwnSockets(of: nil, at: Self.own).count == 0)
    await group.stop()
    await #expect(throws: NetError.self) { _ = try await group.listen(0) { HTTPServer { _ in .text("") } } }
    await servers.stop()
    #expect(await servers.connectionCounts() == [0, 0, 0])
  }

  @Test func `a cancelled start leaves nothing behind`() async throws {
    let group = ReactorGroup(count: 2)
    let entered = AsyncStream<Void>.makeStream()
    let gate = Mutex(false)
    let start = Task {
      try await group.listen(0, interface: Self.own) {
        entered.continuation.yield()
        while !gate.withLock(\.self) { usleep(100) }
        return HTTPServer { _ in .text("") }
      }
    }
    var events = entered.stream.makeAsyncIterator()
    await events.next()
    start.cancel()
    gate.withLock { $0 = true }
    await #expect(throws: CancelledError.self) { _ = try await start.value }
    #expect(OwnSockets(of: nil, at: Self.own).count == 0)
    await group.stop()
  }

  @Test func `a cancelled stop ends the grace period at once`() async throws {
    let group = ReactorGroup(count: 2)
    let asked = AsyncStream<Void>.makeStream()
    let servers = try await group.listen(0) {
      HTTPServer { _ -> Deferred<HTTPServer.Response> in
        asked.continuation.yield()
        return Deferred(canceller: { _ in })
      }
    }
    let peer = try #require(BlockingPeer(servers.port))
    peer.send(get())
    var events = asked.stream.makeAsyncIterator()
    await events.next()
    let stop = Task { await servers.stop(within: .seconds(3600)) }
    stop.cancel()
    await stop.value
    #expect(await servers.connectionCounts() == [0, 0])
    #expect(!peer.receive().contains("200"))
    await group.stop()
  }

  @Test func `the Deferred form is stopped by the reactor that has started it`() async throws {
    let group = ReactorGroup(count: 2)
    let main = SwirlReactor.ReactorThread()
    let servers = try await main.run { _ -> Deferred<HTTPServerGroup> in
      group.listen(0) { HTTPServer { _ in .text("hello") } }
    }
    #expect(BlockingPeer.fetch(servers.port).hasSuffix("hello"))
    await main.stop()
    #expect(BlockingPeer(servers.port) == nil)
    #expect(OwnSockets(of: servers.port).count == 0)
    await group.stop()
  }

  @Test func `all get new certificates by one reload, and unusable ones change nothing`() async throws {
    let authority = TestAuthority()
    let files = try IdentityFiles()
    try files.write(authority.identity(for: "127.0.0.1"))
    let group = ReactorGroup(count: 2)
    let tls = TLSConfiguration.server(files.identity)
    let servers = try await group.listen(0, tls: tls) { HTTPServer { _ in .text("secured") } }
    try await servers.reload()
    try files.spoil()
    await #expect { try await servers.reload() } throws: { ($0 as? NetError)?.code == .configureTLS }
    let root = authority.root
    let thread = SwirlReactor.ReactorThread()
    for _ in 0..<8 {
      let text = try await thread.run { reactor in
        var configuration = HTTPClient.Configuration()
        configuration.tls.roots = [root]
        configuration.connectionLifetime = .zero
        let client = HTTPClient(configuration, on: reactor)
        return client.fetch("https://127.0.0.1:\(servers.port)/").addCallback { $0.text }
      }
      #expect(text == "secured")
    }
    await thread.stop()
    await group.stop()
  }

  @Test func `a Unix socket is served by all, and its file goes with the last`() async throws {
    let path = "/tmp/swirl-group-\(getpid()).sock"
    let group = ReactorGroup(count: 2)
    let servers = try await group.listenUnix(path) { HTTPServer { _ in .text("by path") } }
    let page = try await fetch("http+unix://\(path.replacing("/", with: "%2F"))/")
    #expect(page.text == "by path")
    await servers.stop()
    #expect(access(path, F_OK) != 0)
    await group.stop()
  }

  @Test(arguments: [1, 2, 3])
  func `inherited sockets are served by all reactors, however many there are`(count: Int) async throws {
    let group = ReactorGroup(count: 2)
    let old = ReactorGroup(count: count)
    let first = try await old.listen(0) { HTTPServer { _ in .text("old") } }
    let sockets = try await first.listeningSockets()
    #expect(sockets.count == count)
    let servers = try await group.listen(inherited: sockets) { HTTPServer { _ in .text("new") } }
    await old.stop()
    for _ in 0..<20 { #expect(BlockingPeer.fetch(first.port).hasSuffix("new")) }
    await #expect {
      _ = try await group.listen(inherited: sockets) { HTTPServer { _ in .text("") } }
    } throws: { "\($0)".contains("has this inherited socket already") }
    await servers.stop()
    #expect(OwnSockets(of: first.port).atPort == 0)
    await #expect {
      _ = try await group.listen(inherited: []) { HTTPServer { _ in .text("") } }
    } throws: { "\($0)".contains("started without sockets") }
    await group.stop()
  }
}
