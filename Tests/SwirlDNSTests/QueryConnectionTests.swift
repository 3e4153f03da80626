import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

/// Answers that are too long for a datagram (RFC 7766).
@Suite(.failsOnUnhandledFailures) struct QueryConnectionTests {
  private let network = MemoryNetwork(seed: 6)
  private var reactor: Reactor { network.reactor }

  /// A server whose answers are all too long for UDP.
  private func server(_ host: String = "127.0.0.53") throws -> ScriptedServer {
    try ScriptedServer(host, on: reactor) { query, reply in reply(MessageWriter.response(to: query, flags: 0x8380)) }
  }
  private func good(_ query: DNSMessage, _ address: String = "192.0.2.1") -> [UInt8] {
    MessageWriter.response(to: query, answers: [.a(query.question!.name, address)])
  }

  @Test func `a truncated answer is asked for over a connection, which is kept a while`() throws {
    let server = try server()
    try server.onTCP { query, served in served.send(good(query)) }
    let names = NameClient(.init(server), on: reactor)
    for name in ["a.test", "b.test"] {
      let answer = names.lookup(name, .a)
      reactor.run(for: .seconds(1))
      try successResult(of: answer)
    }
    #expect(server.tcpConnections.count == 1 && server.tcpQueries.count == 2 && !server.tcpConnections[0].hasEnded)
    reactor.run(for: .seconds(12))
    #expect(server.tcpConnections[0].hasEnded)
  }

  @Test func `questions follow one another without waiting, and answers come in any order`() throws {
    let server = try server()
    var held: [DNSMessage] = []
    try server.onTCP { query, served in
      held.append(query)
      if held.count == 20 {
        for query in held.reversed() { served.send(good(query, "192.0.2.\(query.question!.name.wire[1])")) }
      }
    }
    let names = NameClient(.init(server), on: reactor)
    let answers = (0..<20).map { names.lookup(DNSName(wire: [1, UInt8(65 + $0), 0]), .a) }
    reactor.run(for: .seconds(1))
    for (index, answer) in answers.enumerated() {
      #expect(try successResult(of: answer)[0].description == "192.0.2.\(65 + index)")
    }
    #expect(server.tcpConnections.count == 1)
  }

  @Test func `without TCP at the server the next one is asked, and else that is the error`() throws {
    let first = try server("127.0.0.1")
    let second = try ScriptedServer("127.0.0.2", on: reactor) { query, reply in reply(good(query)) }
    let answer = NameClient(.init(first, second), on: reactor).lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    try successResult(of: answer)
    let alone = NameClient(.init(first), on: reactor).lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    let error = try failureResult(of: alone, as: NameError.self)
    #expect(error.code == .unreachable && error.reason.contains("connection refused"), "\(error)")
  }

  @Test(arguments: [0, 1, 5, 30])
  func `a connection that closes within an answer ends its questions at once`(sent: Int) throws {
    let server = try server()
    try server.onTCP { query, served in
      let answer = good(query)
      served.transport?.write(Array((UInt16(answer.count).wire + answer).prefix(sent)))
      served.transport?.close()
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(2))
    #expect(try failureResult(of: answer, as: NameError.self).code == .unreachable)
    // As often as a server may be asked, and no more.
    #expect(server.tcpConnections.count == 2)
    #expect(reactor.openHandles.filter { $0.kind == .connection }.isEmpty)
  }

  @Test func `the end of an idle connection that crosses a question costs it nothing`() throws {
    let server = try server()
    try server.onTCP { query, served in
      // The second question of a connection finds it closed.
      if server.tcpConnections.count == 1, server.tcpQueries.count == 2 {
        served.transport?.abort()
      } else {
        served.send(good(query))
      }
    }
    let names = NameClient(.init(server), on: reactor)
    for name in ["a.test", "b.test"] {
      let answer = names.lookup(name, .a)
      reactor.run(for: .seconds(1))
      try successResult(of: answer)
    }
    #expect(server.tcpConnections.count == 2 && server.tcpQueries.count == 3)
  }

  @Test(arguments: [
    "0000", "0003 010203", "000c 0000000000000000", "ffff 1234", "0010 ffff 8180 0001 0000 0000 0000 00000000",
  ])
  func `a length that lies, or noise, ends in an error within the time`(bytes: String) throws {
    let server = try server()
    try server.onTCP { _, served in served.transport?.write(hex(bytes)) }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(25))
    let error = try failureResult(of: answer, as: NameError.self)
    #expect(error.code == .unreachable || error.code == .timedOut, "\(error)")
    reactor.run(for: .seconds(12))
    #expect(reactor.openHandles.filter { $0.kind == .connection }.isEmpty)
  }

  @Test func `an answer over TCP that cannot be read is the server's failure, at once`() throws {
    let server = try server()
    try server.onTCP { query, served in served.send(Array(good(query).dropLast(2))) }
    let answer = NameClient(.init(server), on: reactor).lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try failureResult(of: answer, as: NameError.self).code == .badAnswer)
  }

  @Test func `a server that accepts and is silent costs its time limit`() throws {
    let server = try server()
    try server.onTCP { _, _ in }
    let answer = NameClient(.init(server), on: reactor).lookup("a.test", .a)
    reactor.run(for: .seconds(4))
    expectNoResult(of: answer)
    reactor.run(for: .seconds(8))
    #expect(try failureResult(of: answer, as: NameError.self).code == .timedOut)
    reactor.run(for: .seconds(12))
    #expect(reactor.openHandles.filter { $0.kind == .connection }.isEmpty)
  }

  @Test func `TCP alone, answers byte by byte, and cancelling in between`() throws {
    let server = try server()
    network.link.segmentSize = 1...1
    try server.onTCP { query, served in served.send(good(query)) }
    var configuration = NameClient.Configuration(server)
    configuration.usesTCP = true
    let names = NameClient(configuration, on: reactor)
    let cancelled = names.lookup("b.test", .a)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .milliseconds(3))
    cancelled.cancel()
    try failureResult(of: cancelled)
    reactor.run(for: .seconds(5))
    try successResult(of: answer)
    #expect(server.queries.isEmpty)
    let onlyOne = names.lookup("c.test", .a)
    onlyOne.cancel()
    try failureResult(of: onlyOne)
    names.close()
    reactor.run(for: .seconds(1))
    #expect(reactor.openHandles.filter { $0.kind == .connection || $0.kind == .connect }.isEmpty)
  }
}
