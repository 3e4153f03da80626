import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// Runs during the exit of an exit test's process.
private enum AtExit {
  // Safe: that process's only thread sets and calls it.
  nonisolated(unsafe) static var body: () -> Void = {}
}

@Suite struct TLSTransportTests {
  let authority = TestAuthority()

  /// A TLS connection between two recorders, optionally through a relay.
  private func connect(
    on reactor: Reactor, relay: Relay? = nil, maximumVersion: TLSConfiguration.Version? = nil, client: Recorder,
    server: Recorder
  ) throws {
    var security = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    if let maximumVersion { security.maximumVersion = maximumVersion }
    let listener = try reactor.listenTCP(0, tls: security) { _ in server }
    var port = Int(listener.localAddress.port)
    if let relay { port = try relay.listen(to: port, on: reactor) }
    var trust = TLSConfiguration()
    trust.roots = [authority.root]
    reactor.connectTCP("127.0.0.1", port, tls: trust) { client }.addErrback { error in
      Issue.record("\(error)")
      reactor.stop()
      return client
    }
  }

  @Test func `connections continue, and are made, while the process exits`() async {
    await #expect(processExitsWith: .exitCode(7)) {
      // Registered first, so that it runs last, after the libraries' handlers.
      atexit { AtExit.body() }
      let authority = TestAuthority()
      let reactor = Reactor()
      let server = Recorder()
      let listener = try reactor.listenTCP(0, tls: .server(authority.identity(for: "127.0.0.1"))) { _ in server }
      var trust = TLSConfiguration()
      trust.roots = [authority.root]
      func connect(_ client: Recorder) {
        reactor.connectTCP("127.0.0.1", Int(listener.localAddress.port), tls: trust) { client }.addErrback { _ in
          _exit(1)
        }
      }
      var texts: [String] = []
      func send(_ text: String, from client: Recorder) {
        server.onData = { server in
          texts.append(server.text)
          server.bytes = []
          reactor.stop()
        }
        client.transport?.write(text)
        reactor.run()
      }
      let client = Recorder { $0.onMade = { _ in reactor.stop() } }
      connect(client)
      reactor.run()
      send("before", from: client)
      AtExit.body = {
        reactor.callLater(.seconds(20)) { _exit(2) }
        send("while it exits", from: client)
        let other = Recorder { $0.onMade = { _ in reactor.stop() } }
        connect(other)
        reactor.run()
        send("a new one", from: other)
        _exit(texts == ["before", "while it exits", "a new one"] ? 7 : 3)
      }
      exit(0)
    }
  }

  private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

  // MARK: - Bytes

  @Test(arguments: [TLSConfiguration.Version.tls12, .tls13], [1, 16_384, 16_385, 3_000_000])
  func `bytes arrive as they were sent, both ways at once`(version: TLSConfiguration.Version, count: Int) throws {
    let sent = pattern(count)
    var over = 0
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      func done(_ recorder: Recorder) {
        guard recorder.bytes.count == count else { return }
        over += 1
        if over == 2 { reactor.stop() }
      }
      for recorder in [client, server] {
        recorder.onMade = { $0.write(sent) }
        recorder.onData = done
      }
      try connect(on: reactor, maximumVersion: version, client: client, server: server)
      return {
        #expect(client.bytes == sent && server.bytes == sent)
        #expect(client.transport?.tlsInfo?.version == version)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5]) func `however the network cuts it up, it arrives whole`(seed: UInt64) throws {
    let sent = pattern(40_000)
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      let relay = Relay(seed: seed)
      client.onMade = { $0.write(sent) }
      server.onData = { recorder in
        if recorder.bytes.count == sent.count { recorder.transport?.write(sent) }
      }
      client.onData = { if $0.bytes.count == sent.count { reactor.stop() } }
      try connect(on: reactor, relay: relay, client: client, server: server)
      return { #expect(client.bytes == sent && server.bytes == sent) }
    }
  }

  @Test func `writes beyond the send buffer are queued, and the peer's pause stops them`() throws {
    let sent = pattern(8_000_000)
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      server.onMade = { $0.pauseReading() }
      client.onMade = { $0.write(sent) }
      client.onPause = {
        #expect(server.bytes.isEmpty)
        reactor.callLater(.milliseconds(20)) {
          #expect(server.bytes.isEmpty, "nothing is read while it is paused")
          server.transport?.resumeReading()
        }
      }
      server.onData = { if $0.bytes.count == sent.count { reactor.callLater(.milliseconds(1)) { reactor.stop() } } }
      try connect(on: reactor, client: client, server: server)
      return {
        #expect(server.bytes == sent)
        #expect(client.events.prefix(3) == ["made", "pause", "resume"])
        #expect(client.transport?.bufferedBytes == 0)
      }
    }
  }

  /// The socket does not report data that is already decrypted.
  @Test func `a pause in the middle of a record holds back the rest of it, which comes when it is over`() throws {
    let client = Recorder()
    let server = Recorder()
    let sent = pattern(400_000)
    var pauses = 0
    try withReactor { reactor in
      client.onMade = { $0.write(sent) }
      server.onData = { recorder in
        let count = recorder.bytes.count
        if count == sent.count { return reactor.stop() }
        pauses += 1
        recorder.transport?.pauseReading()
        reactor.callSoon {
          #expect(recorder.bytes.count == count)
          recorder.transport?.resumeReading()
        }
      }
      try connect(on: reactor, client: client, server: server)
      return {
        #expect(server.bytes == sent)
        #expect(pauses > 1)
      }
    }
  }

  @Test func `many small records that have come are delivered together, and the end behind them follows`() throws {
    let client = Recorder()
    let server = Recorder()
    var deliveries = 0
    try withReactor { reactor in
      client.onMade = { $0.pauseReading() }
      client.onData = { _ in deliveries += 1 }
      server.onMade = { transport in
        for _ in 0..<200 { transport.write("record") }
        transport.close()
      }
      server.onLost = { _ in client.transport?.resumeReading() }
      client.onLost = { _ in reactor.stop() }
      try connect(on: reactor, client: client, server: server)
      return {
        #expect(client.text == String(repeating: "record", count: 200))
        // The kernel may split them in two; one delivery each would be 200.
        #expect(deliveries < 10)
        #expect(client.events == ["made", "data", "end", "lost"])
      }
    }
  }

  // MARK: - The end

  @Test func `close() reaches the peer as EOF`() throws {
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      client.onMade = {
        $0.write("bye")
        $0.close()
      }
      server.onLost = { _ in reactor.stop() }
      try connect(on: reactor, client: client, server: server)
      return {
        #expect(server.text == "bye" && server.events == ["made", "data", "end", "lost"])
        #expect(server.end?.code == .closed)
      }
    }
  }

  @Test func `a half close leaves the other direction open`() throws {
    let client = Recorder()
    let server = Recorder { $0.goesOnSending = true }
    try withReactor { reactor in
      client.onMade = {
        $0.write("question")
        $0.closeWrite()
      }
      server.onEndReceived = {
        server.transport?.write("answer to \(server.text)")
        server.transport?.close()
      }
      client.onLost = { _ in reactor.stop() }
      try connect(on: reactor, client: client, server: server)
      return {
        #expect(client.text == "answer to question")
        #expect(client.end?.code == .closed)
      }
    }
  }

  /// RFC 8446 §6.1: a client that accepts a plain EOF can be tricked by a truncation attack.
  @Test func `a connection that is cut without TLS's own end is an error`() throws {
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      let relay = Relay(seed: 1)
      server.onMade = { $0.write("half of it") }
      client.onData = { recorder in if recorder.text == "half of it" { relay.cut() } }
      client.onLost = { _ in reactor.stop() }
      try connect(on: reactor, relay: relay, client: client, server: server)
      return {
        #expect(client.end?.code == .failed)
        #expect(client.end?.error?.reason.contains("without TLS's own end") == true)
        #expect(!client.events.contains("end"))
      }
    }
  }

  @Test func `a byte that was changed on the way ends the connection, and is not delivered`() throws {
    let client = Recorder()
    let server = Recorder()
    try withReactor { reactor in
      let relay = Relay(seed: 1)
      client.onMade = { transport in
        transport.write("first")
      }
      server.onData = { recorder in
        guard recorder.text == "first" else { return }
        relay.changeNextToServer()
        client.transport?.write("second")
      }
      server.onLost = { _ in reactor.stop() }
      try connect(on: reactor, relay: relay, client: client, server: server)
      return {
        #expect(server.text == "first")
        #expect(server.end?.code == .failed && server.end?.error?.reason.contains("TLS") == true)
      }
    }
  }

  @Test func `abort() at any moment is reported once on both sides`() throws {
    for step in 0..<12 {
      let client = Recorder()
      let server = Recorder()
      try withReactor { reactor in
        client.onMade = { $0.write([UInt8](repeating: 1, count: 500_000)) }
        server.onMade = { $0.write([UInt8](repeating: 2, count: 500_000)) }
        var lost = 0
        for recorder in [client, server] {
          recorder.onLost = { _ in
            lost += 1
            if lost == 2 { reactor.callSoon { reactor.stop() } }
          }
        }
        var turns = 0
        func look() {
          guard client.transport != nil, server.transport != nil else { return reactor.callSoon { look() } }
          turns += 1
          if turns > step { return client.transport!.abort() }
          reactor.callSoon { look() }
        }
        reactor.callSoon { look() }
        try connect(on: reactor, client: client, server: server)
        return {
          #expect(client.end?.code == .aborted)
          #expect(server.end != nil)
        }
      }
    }
  }
}

/// Forwards bytes between a client and a server, in pieces of random lengths.
private final class Relay {
  private var random: SeededGenerator
  private var ends: [End] = []
  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  private final class End: StreamProtocol {
    let relay: Relay
    var transport: (any Transport)?
    var other: End?
    var waiting: [UInt8] = []
    /// Whether to flip one bit of the next piece sent here.
    var changesNext = false
    init(_ relay: Relay) { self.relay = relay }

    func connectionMade(_ transport: any Transport) {
      self.transport = transport
      pass()
    }
    func dataReceived(_ bytes: Span<UInt8>) {
      for index in bytes.indices { other?.waiting.append(bytes[index]) }
      other?.pass()
    }
    func pass() {
      guard let transport, !waiting.isEmpty else { return }
      if changesNext {
        changesNext = false
        waiting[waiting.count - 1] ^= 1
      }
      let piece = Array(waiting.prefix(Int.random(in: 1...3000, using: &relay.random)))
      waiting.removeFirst(piece.count)
      transport.write(piece)
      transport.reactor.callSoon { [self] in pass() }
    }
    func connectionLost(_ end: ConnectionEnd) {
      transport = nil
      other?.transport?.close()
      other = nil
    }
  }

  func listen(to port: Int, on reactor: Reactor) throws -> Int {
    let listener = try reactor.listenTCP(0) { [self] _ in
      let near = End(self)
      let far = End(self)
      near.other = far
      far.other = near
      ends = [near, far]
      reactor.connectTCP("127.0.0.1", port) { far }
      return near
    }
    return Int(listener.localAddress.port)
  }

  /// Flips a bit of the next piece to the server.
  func changeNextToServer() { ends[1].changesNext = true }

  /// Ends both connections, as a network failure would.
  func cut() { for end in ends { end.transport?.close() } }
}
