import SwirlPlatform
import SwirlReactor
import Synchronization
import Testing

@testable import SwirlNet

/// Echoes on every connection.
private func echo(_ server: ConnectionListener) async throws {
  try await withThrowingDiscardingTaskGroup { group in
    for try await connection in server.connections {
      group.addTask {
        // Its error ends no other connection: a test that looks for a closed port may have found this one. What fails
        // on a connection of this test, its client sees.
        do { for try await bytes in connection.inbound { try await connection.write(bytes) } } catch {}
      }
    }
  }
}

private func say(_ count: Int, to address: SocketAddress, _ remote: RemoteReactor) async throws {
  let connection = try await remote.open(address)
  var all: [UInt8] = []
  var answers = connection.inbound.makeAsyncIterator()
  for piece in 1...count {
    let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: piece), count: 1 + piece * 97 % 5000)
    try await connection.write(bytes)
    var answer: [UInt8] = []
    while answer.count < bytes.count { answer += try #require(try await answers.next()) }
    #expect(answer == bytes)
    all += answer
  }
  connection.closeWrite()
  #expect(try await answers.next() == nil)
  #expect(all.count > count)
}

/// A piece with a recognisable beginning.
private func piece(_ number: Int) -> [UInt8] {
  var piece = blank
  for index in 0..<8 { piece[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  return piece
}

private let blank = (0..<64 * 1024).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 >> 8) }

private final class Counter: Sendable {
  private let value = Atomic(0)
  var count: Int { value.load(ordering: .relaxed) }
  func increment() { value.add(1, ordering: .relaxed) }
}

@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
  @Test(arguments: [true, false], [true, false])
  func `Echo, with tasks on the reactor's thread and on others`(serverIsThere: Bool, clientIsThere: Bool) async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { try $0.listenTCP(0) }
      let serving = Task(executorPreference: serverIsThere ? remote : nil) { try await echo(server) }
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<5 {
          group.addTask(executorPreference: clientIsThere ? remote : nil) {
            try await say(100, to: server.localAddress, remote)
          }
        }
      }
      server.stop()
      try await serving.value
      try await remote.turns { $0.handles.all(SocketTransport.self).isEmpty }
    }
  }

  @Test func `It knows both addresses`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      #expect(near.localAddress == far.peerAddress && near.peerAddress == far.localAddress)
      #expect(near.localAddress != nil && near.peerAddress != nil)
    }
  }

  @Test func `A consumer that takes nothing makes the peer wait; then all arrives in order`() async throws {
    let pieces = 800
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      let sent = Counter()
      let sending = Task {
        for number in 0..<pieces {
          try await far.write(piece(number))
          sent.increment()
        }
        far.closeWrite()
      }
      let whenSettled = try await remote.settled { _ in sent.count }
      #expect(whenSettled < pieces / 2)
      #expect(near.inbound.bufferedCost > 64 * 1024)
      #expect(near.inbound.bufferedCost <= 64 * 1024 + 64 * 1024)
      let waiting = try await remote.call { $0.handles.all(SocketTransport.self).map(\.bufferedBytes).max() ?? 0 }
      #expect(waiting > 64 * 1024 && waiting <= 2 * (64 * 1024 + 64 * 1024))

      var number = 0
      var rest: [UInt8] = []
      for try await bytes in near.inbound {
        rest += bytes
        while rest.count >= 64 * 1024 {
          #expect(Array(rest.prefix(64 * 1024)) == piece(number))
          rest.removeFirst(64 * 1024)
          number += 1
        }
      }
      #expect(number == pieces && rest.isEmpty)
      try await sending.value
    }
  }

  @Test(arguments: [false, true])
  func `Leaving the loop before its end closes the connection, had that come or not`(hasCome: Bool) async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      try await far.write("begin")
      if hasCome {
        far.closeWrite()
        // Both sides are in this process: the near one is the one that has received EOF.
        try await remote.turns { $0.handles.all(SocketTransport.self).contains { $0.isEndReceived } }
      }
      for try await bytes in near.inbound {
        #expect(bytes == Array("begin".utf8))
        break
      }
      #expect(try await far.readAll().isEmpty)
      try await near.closed()
      await #expect { try await near.write("more") } throws: { "\($0)".contains("was left before the end") }
    }
  }

  @Test func `Half closed, the peer can still answer`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      async let answer = near.readAll()
      try await near.write("question")
      near.closeWrite()
      await #expect { try await near.write("more") } throws: { "\($0)".contains("closeWrite() was called") }
      #expect(try await far.readAll() == Array("question".utf8))
      try await far.write("answer")
      far.closeWrite()
      #expect(try await answer == Array("answer".utf8))
      #expect(try await near.closed().code == .closed)
      #expect(try await far.closed().code == .closed)
    }
  }

  @Test func `The peer's reset is thrown to the pending read and the pending write`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.rawPair()
      far.send("begin")
      var bytes = near.inbound.makeAsyncIterator()
      #expect(try await bytes.next() == Array("begin".utf8))
      far.reset()
      await #expect { try await bytes.next() } throws: { ($0 as? NetError)?.errno == ECONNRESET }
      #expect(try await bytes.next() == nil)
      await #expect { try await near.write("more") } throws: { ($0 as? NetError)?.errno == ECONNRESET }
      #expect(try await near.closed().code == .failed)
    }
  }

  @Test func `A reset is thrown to a pending write`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.rawPair()
      let writing = Task { while true { try await near.write(piece(0)) } }
      _ = try await remote.settled { $0.handles.all(SocketTransport.self).map(\.bufferedBytes) }
      far.reset()
      await #expect(throws: NetError.self) { try await writing.value }
    }
  }

  @Test func `abort() is thrown to who reads, and close() is an end`() async throws {
    try await withReactorThread { remote in
      let (aborted, first) = try await remote.pair()
      aborted.abort()
      await #expect { try await aborted.readAll() } throws: { "\($0)".contains("aborted here") }
      await #expect { try await aborted.write("more") } throws: { "\($0)".contains("aborted here") }
      await #expect { try await first.readAll() } throws: { ($0 as? NetError)?.errno == ECONNRESET }
      #expect(try await aborted.closed().code == .aborted)

      let (closed, second) = try await remote.pair()
      try await closed.write("last")
      closed.close()
      #expect(try await closed.readAll().isEmpty)
      await #expect { try await closed.write("more") } throws: { "\($0)".contains("closed here") }
      #expect(try await second.readAll() == Array("last".utf8))
      #expect(try await closed.closed().code == .closed)
    }
  }

  @Test func `A task cancelled while it waits to write has written nothing: the connection stays`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      let written = Counter()
      let writing = Task {
        while true {
          try await near.write(piece(written.count))
          written.increment()
        }
      }
      _ = try await remote.settled { _ in written.count }
      writing.cancel()
      await #expect(throws: CancellationError.self) { try await writing.value }
      async let all = far.readAll()
      try await near.write("last")
      near.closeWrite()
      #expect(try await all.count == written.count * 64 * 1024 + 4)
    }
  }

  @Test func `A task that is cancelled while it waits for bytes, or for the end, gets a CancelledError`() async throws {
    try await withReactorThread { remote in
      let (near, far) = try await remote.pair()
      let reading = Task { try await near.readAll() }
      let waiting = Task { try await far.closed() }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      #expect(try await far.readAll().isEmpty)
    }
  }

  @Test func `Let go of, it is closed when what was written is sent`() async throws {
    try await withReactorThread { remote in
      func farEnd() async throws -> Connection {
        let (near, far) = try await remote.pair()
        try await near.write("last")
        return far
      }
      #expect(try await farEnd().readAll() == Array("last".utf8))
      try await remote.turns { $0.handles.all(SocketTransport.self).isEmpty }
    }
  }

  @Test(arguments: ["let go", "closed", "aborted", "read", "left"])
  func `Nothing of it is kept when it has ended`(how: String) async throws {
    final class Weak: Sendable {
      nonisolated(unsafe) weak var link: ConnectionLink?
      init(_ link: ConnectionLink) { self.link = link }
    }
    try await withReactorThread { remote in
      func end() async throws -> [Weak] {
        let (near, far) = try await remote.pair()
        try await far.write("begin")
        switch how {
        case "closed": near.close()
        case "aborted": near.abort()
        case "read":
          far.close()
          _ = try await near.readAll()
        case "left": for try await _ in near.inbound { break }
        default: break
        }
        return [Weak(near.link), Weak(far.link)]
      }
      let links = try await end()
      try await remote.turns { _ in links.allSatisfy { $0.link == nil } }
    }
  }

  @Test func `A loop continues when it alone holds the connection, and closes it at the end`() async throws {
    try await withReactorThread { remote in
      func ends() async throws -> (ReactorStream<[UInt8]>.AsyncIterator, Connection) {
        let (near, far) = try await remote.pair()
        return (near.inbound.makeAsyncIterator(), far)
      }
      var (bytes, far) = try await ends()
      try await far.write("begin")
      #expect(try await bytes.next() == Array("begin".utf8))
      far.closeWrite()
      #expect(try await bytes.next() == nil)
      #expect(try await far.closed().code == .closed)
    }
  }

  @Test func `A protocol hands its connection over in the middle`() async throws {
    try await withReactorThread { remote in
      let server = try await remote.call { reactor in
        try reactor.listenTCP(0) { _ in
          Recorder { greeter in
            greeter.onData = { greeter in
              guard greeter.text == "change", let transport = greeter.transport.take() else { return }
              let connection = Connection(transport)
              Task { try await connection.write(try await connection.readAll()) }
            }
          }
        }.localAddress
      }
      let client = try await remote.open(server)
      try await client.write("change")
      try await remote.turns {
        let transports = $0.handles.all(SocketTransport.self)
        return transports.count == 2 && transports.allSatisfy { $0.streamProtocol is ConnectionProtocol }
      }
      try await client.write("and on")
      client.closeWrite()
      #expect(try await client.readAll() == Array("and on".utf8))
    }
  }

  @Test func `A reactor that goes away tells all who wait`() async throws {
    var waiting: [Task<Void, any Error>] = []
    try await withReactorThread(endsConnections: false) { remote in
      let (near, far) = try await remote.pair()
      let server = try await remote.call { try $0.listenTCP(0) }
      waiting = [
        Task { _ = try await near.readAll() },
        Task { while true { try await near.write(piece(0)) } },
        Task { throw try await far.closed().error ?? NetError(.read, "nobody", reason: "no error") },
        Task { for try await _ in server.connections {} },
      ]
      _ = try await remote.settled { $0.handles.all(SocketTransport.self).map(\.bufferedBytes) }
    }
    for task in waiting.dropLast() {
      await #expect { try await task.value } throws: { "\($0)".contains("its reactor was released") }
    }
    try await waiting[3].value
  }

  @Test func `Tasks cancelled at any moment leave no descriptor behind`() async {
    await #expect(processExitsWith: .success) {
      try await withReactorThread { remote in
        let server = try await remote.call { try $0.listenTCP(0) }
        var accepted = server.connections.makeAsyncIterator()
        let before = openSockets()
        var random = SystemRandomNumberGenerator()
        for round in 0..<1000 {
          let near = try await remote.open(server.localAddress)
          let far = try #require(try await accepted.next())
          let executor: (any TaskExecutor)? = round % 2 == 0 ? remote : nil
          let tasks = [
            Task(executorPreference: executor) { _ = try await near.readAll() },
            Task(executorPreference: executor) { while true { try await near.write(piece(round)) } },
            Task(executorPreference: executor) {
              if round % 3 == 0 { for try await _ in far.inbound {} } else { try await far.closed() }
            },
          ]
          for _ in 0..<Int.random(in: 0..<40, using: &random) { await Task.yield() }
          for task in tasks.shuffled(using: &random) { task.cancel() }
          for task in tasks {
            do { try await task.value } catch { precondition(error is CancellationError || error is NetError) }
          }
        }
        try await remote.turns { $0.handles.all(SocketTransport.self).isEmpty }
        precondition(openSockets() == before, "\(openSockets()) open, not \(before)")
      }
    }
  }
}
