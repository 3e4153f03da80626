import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

/// What the servers of strangers do wrong, or on purpose.
@Suite(.failsOnUnhandledFailures) struct LyingServerTests {
  private let network = MemoryNetwork(seed: 4)
  private var reactor: Reactor { network.reactor }

  private func good(_ query: DNSMessage, _ address: String = "192.0.2.1") -> [UInt8] {
    MessageWriter.response(to: query, answers: [.a(query.question!.name, address)])
  }

  /// The forms of a message that is no answer to the question.
  private static let lies: [(name: String, make: @Sendable ([UInt8]) -> [UInt8])] = [
    ("another id", { $0.changed(at: 1) { $0 ^ 1 } }),
    ("a question", { $0.changed(at: 2) { $0 & 0x7F } }),
    ("another opcode", { $0.changed(at: 2) { $0 | 0x10 } }),
    ("another name", { $0.changed(at: 13) { $0 ^ 2 } }),
    ("another type", { $0.changed(at: 21) { _ in 28 } }),
    ("another class", { $0.changed(at: 23) { _ in 3 } }),
    ("no question", { Array($0[..<4]) + [0, 0, 0, 0, 0, 0, 0, 0] }),
    ("two questions", { $0.changed(at: 5) { _ in 2 } }),
    ("cut", { Array($0.dropLast(3)) }), ("empty", { _ in [] }), ("a byte", { _ in [7] }),
    ("a header", { Array($0[..<12]) }),
    ("a pointer to itself", { $0.changed(at: 24) { _ in 0xC0 }.changed(at: 25) { _ in 24 } }),
    ("a pointer forwards", { $0.changed(at: 25) { _ in 60 } }),
    ("counts that lie", { $0.changed(at: 6) { _ in 0xFF } }),
    ("a length that lies", { $0.changed(at: 34) { _ in 0xFF } }),
    ("noise", { bytes in bytes.enumerated().map { $0 < 2 ? $1 : $1 &* 31 &+ 7 } }),
  ]

  @Test(arguments: lies.indices)
  func `what is no answer is dropped, and the true answer counts`(index: Int) throws {
    let lie = Self.lies[index]
    let server = try ScriptedServer(on: reactor) { query, reply in
      let answer = good(query)
      for _ in 0..<3 { reply(lie.make(good(query, "198.51.100.66"))) }
      reactor.callLater(.seconds(2)) { reply(answer) }
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    expectNoResult(of: answer)
    reactor.run(for: .seconds(2))
    #expect(try Array(successResult(of: answer)) == [IPAddress("192.0.2.1")!], "\(lie.name)")
    #expect(server.queries.count == 1)
  }

  @Test func `an answer from another address is dropped`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    let forger = try reactor.listenUDP(53, interface: "127.0.0.66") { _, _ in }
    let elsewhere = try reactor.listenUDP(54, interface: "127.0.0.53") { _, _ in }
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    let forged = good(server.queries[0], "198.51.100.66")
    for socket in [forger, elsewhere] { socket.send(forged, to: server.sources[0]) }
    reactor.run(for: .seconds(1))
    expectNoResult(of: answer)
    server.socket.send(good(server.queries[0]), to: server.sources[0])
    reactor.run(for: .seconds(1))
    #expect(try Array(successResult(of: answer)) == [IPAddress("192.0.2.1")!])
  }

  @Test func `a silent server is asked as often as it may be, then that is the error`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(9))
    expectNoResult(of: answer)
    reactor.run(for: .seconds(2))
    let error = try failureResult(of: answer, as: NameError.self)
    #expect(error.code == .timedOut && error.isTemporary && error.server == "127.0.0.53:53")
    #expect(
      error.description
        == "look up a.test A: 127.0.0.53:53: no answer within 5.0 seconds: check the network, or try again later")
    #expect(server.queries.count == 2)
    // What drops questions with EDNS gets one without.
    #expect(server.queries.map(\.datagramSize) == [1232, nil])
    #expect(reactor.openHandles.count == 1 && reactor.delayedCalls.isEmpty)
  }

  @Test func `a server whose answers cannot be read is named with what is wrong`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in reply(Array(good(query).dropLast())) }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(11))
    #expect(try "\(failureResult(of: answer))".contains("the answer cannot be read: the message is cut, at byte"))
  }

  @Test func `a late answer of the first server counts while the second is asked`() throws {
    let first = try ScriptedServer("127.0.0.1", on: reactor) { query, reply in
      let answer = good(query, "192.0.2.11")
      reactor.callLater(.seconds(6)) { reply(answer) }
    }
    let second = try ScriptedServer("127.0.0.2", on: reactor) { _, _ in }
    let names = NameClient(.init(first, second), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(7))
    #expect(try Array(successResult(of: answer)) == [IPAddress("192.0.2.11")!])
    #expect(first.queries.count == 1 && second.queries.count == 1)
  }

  @Test func `answers that come twice, and after the end, do no harm`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      let answer = good(query)
      for delay in [0, 0, 1, 3] { reactor.callLater(.seconds(delay)) { reply(answer) } }
    }
    let names = NameClient(.init(server), on: reactor)
    let answers = ["a.test", "b.test"].map { names.lookup($0, .a) }
    reactor.run(for: .seconds(5))
    for answer in answers { try successResult(of: answer) }
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `a refused datagram moves to the next server at once`() throws {
    let second = try ScriptedServer("127.0.0.2", on: reactor) { query, reply in reply(good(query)) }
    let nothing = SocketAddress(ip: "127.0.0.1", port: 53)!
    let names = NameClient(.init(servers: [nothing, second.address]), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    try successResult(of: answer)
    // It is asked last for a while.
    let another = names.lookup("b.test", .a)
    reactor.run(for: .milliseconds(3))
    try successResult(of: another)
    let alone = NameClient(.init(servers: [nothing]), on: reactor).lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    let error = try failureResult(of: alone, as: NameError.self)
    #expect(error.code == .unreachable && error.reason.contains("connection refused"), "\(error)")
  }

  @Test(arguments: [2, 5, 4, 9])
  func `a server that cannot answer, or refuses, moves to the next at once`(code: UInt16) throws {
    let first = try ScriptedServer("127.0.0.1", on: reactor) { query, reply in
      reply(MessageWriter.response(to: query, code: code))
    }
    let second = try ScriptedServer("127.0.0.2", on: reactor) { query, reply in reply(good(query)) }
    let names = NameClient(.init(first, second), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    try successResult(of: answer)
    let alone = NameClient(.init(first), on: reactor).lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    let error = try failureResult(of: alone, as: NameError.self)
    #expect(error.code == (code == 5 ? .refused : .serverFailure) && error.server == "127.0.0.1:53")
    #expect(
      error.reason.contains(code == 9 ? "RCODE9" : ["SERVFAIL", "", "NOTIMP", "REFUSED"][Int(code) - 2]), "\(error)")
  }

  @Test func `a referral is no answer, and the next server is asked (RFC 2308 §2.2)`() throws {
    let first = try ScriptedServer("127.0.0.1", on: reactor) { query, reply in
      reply(
        MessageWriter.response(
          to: query, flags: 0x8100, authority: [DNSRecord("test", 2, seconds: 1, .name("ns.test"))]))
    }
    let second = try ScriptedServer("127.0.0.2", on: reactor) { query, reply in reply(good(query)) }
    let answer = NameClient(.init(first, second), on: reactor).lookup("a.test", .a)
    reactor.run(for: .milliseconds(100))
    try successResult(of: answer)
  }

  @Test(arguments: [true, false])
  func `a server that cannot read EDNS is asked without, and stays so (RFC 6891 §6.2.2)`(hasQuestion: Bool) throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      if query.datagramSize == nil { return reply(good(query)) }
      let refusal = MessageWriter.response(to: query, code: 1)
      reply(hasQuestion ? refusal : Array(refusal[..<4]) + [0, 0, 0, 0, 0, 0, 0, 0])
    }
    let names = NameClient(.init(server), on: reactor)
    for name in ["a.test", "b.test"] {
      let answer = names.lookup(name, .a)
      reactor.run(for: .milliseconds(100))
      try successResult(of: answer)
    }
    #expect(server.queries.map(\.datagramSize) == [1232, nil, nil])
  }

  @Test func `the case of the letters must come back, or the server is asked over TCP`() throws {
    var repeats = true
    let server = try ScriptedServer(on: reactor) { query, reply in
      let name = repeats ? query.question!.name : query.question!.name.lowercased
      let asked = try DNSMessage(MessageWriter.query(id: query.id, name, 1, usesEDNS: false))
      reply(good(asked))
    }
    try server.onTCP { query, served in served.send(good(query, "192.0.2.2")) }
    var configuration = NameClient.Configuration(server)
    configuration.randomizesCase = true
    let names = NameClient(configuration, on: reactor)
    let first = names.lookup("a-name-with-many-letters.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try Array(successResult(of: first)) == [IPAddress("192.0.2.1")!])
    #expect(server.queries[0].question!.name.text != "a-name-with-many-letters.test" && server.tcpQueries.isEmpty)
    repeats = false
    let second = names.lookup("another-name-with-letters.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try Array(successResult(of: second)) == [IPAddress("192.0.2.2")!])
    #expect(server.tcpQueries.count == 1)
  }

  @Test func `servers take turns where that is asked for`() throws {
    let servers = try (1...3).map { number in
      try ScriptedServer("127.0.0.\(number)", on: reactor) { query, reply in reply(good(query)) }
    }
    var configuration = NameClient.Configuration(servers: servers.map(\.address))
    configuration.rotates = true
    let names = NameClient(configuration, on: reactor)
    for number in 0..<6 {
      let answer = names.lookup("n\(number).test", .a)
      reactor.run(for: .milliseconds(100))
      try successResult(of: answer)
    }
    #expect(servers.map(\.queries.count) == [2, 2, 2])
  }

  @Test func `a silent server is asked last for a while, and tried again then`() throws {
    var isSilent = true
    let first = try ScriptedServer("127.0.0.1", on: reactor) { query, reply in if !isSilent { reply(good(query)) } }
    let second = try ScriptedServer("127.0.0.2", on: reactor) { query, reply in reply(good(query)) }
    let names = NameClient(.init(first, second), on: reactor)
    func look(_ name: String) throws -> Duration {
      let start = reactor.now
      let answer = names.lookup(name, .a)
      var took = Duration.zero
      answer.addBoth { _ in took = reactor.now - start }
      reactor.run(for: .seconds(6))
      return took
    }
    #expect(try look("a.test") >= .seconds(5))
    #expect(try look("b.test") < .seconds(1) && first.queries.count == 1)
    reactor.run(for: .seconds(30))
    isSilent = false
    #expect(try look("c.test") < .seconds(1) && first.queries.count == 2)
  }

  @Test func `64 KiB of records arrive over TCP, and are kept`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      reply(MessageWriter.response(to: query, flags: 0x8380))
    }
    try server.onTCP { query, served in
      served.send(
        MessageWriter.response(to: query, answers: (0..<4000).map { .a("a.test", "10.0.\($0 / 250).\($0 % 250)") }))
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: answer).count == 4000)
    #expect(try successResult(of: names.lookup("a.test", .a)).count == 4000)
  }
}

extension [UInt8] {
  fileprivate func changed(at index: Int, _ change: (UInt8) -> UInt8) -> [UInt8] {
    var bytes = self
    bytes[index] = change(bytes[index])
    return bytes
  }
}
