import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

@Suite(.failsOnUnhandledFailures) struct NameClientTests {
  private let network = MemoryNetwork(seed: 9)
  private var reactor: Reactor { network.reactor }

  private func server(_ host: String = "127.0.0.53", _ answers: DNSRecord...) throws -> ScriptedServer {
    try ScriptedServer(host, on: reactor) { query, reply in
      reply(
        MessageWriter.response(
          to: query,
          answers: answers.filter { $0.name == query.question?.name && $0.typeNumber == query.question?.typeNumber },
          authority: [.soa("test")]))
    }
  }

  @Test func `a name is asked for over UDP, and answered`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1", ttl: 77))
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    let found = try successResult(of: answer)
    #expect(Array(found) == [IPAddress("192.0.2.1")!] && found.ttl == .seconds(77) && found.name == "a.test")
    #expect(server.queries.count == 1 && server.queries[0].datagramSize == 1232)
    #expect(reactor.openHandles.filter { $0.kind != .datagramSocket }.isEmpty)
    // The socket of the question is closed; the server's is open.
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `an answer is kept for its TTL, with what is left of it`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1", ttl: 10))
    let names = NameClient(.init(server), on: reactor)
    let first = names.lookup("A.test", .a)
    reactor.run(for: .seconds(4))
    try successResult(of: first)
    #expect(try successResult(of: names.lookup("a.TEST", .a)).ttl == .seconds(6))
    #expect(server.queries.count == 1)
    reactor.run(for: .seconds(7))
    let again = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: again).ttl == .seconds(10) && server.queries.count == 2)
    names.removeCachedAnswers()
    let anew = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    try successResult(of: anew)
    #expect(server.queries.count == 3)
  }

  @Test func `a TTL of zero is not kept, and a cache of none keeps nothing`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1", ttl: 0), .a("b.test", "192.0.2.1"))
    var configuration = NameClient.Configuration(server)
    configuration.cacheCapacity = 0
    for (names, name) in [
      (NameClient(.init(server), on: reactor), "a.test"), (NameClient(configuration, on: reactor), "b.test"),
    ] {
      let before = server.queries.count
      for _ in 0..<2 {
        let answer = names.lookup(name, .a)
        reactor.run(for: .seconds(1))
        try successResult(of: answer)
      }
      #expect(server.queries.count == before + 2)
    }
  }

  @Test func `lookups of one question share it, and a cancelled one leaves the others`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1"))
    let names = NameClient(.init(server), on: reactor)
    let answers = (0..<3).map { _ in names.lookup("a.test", .a) }
    answers[1].cancel()
    reactor.run(for: .seconds(1))
    #expect(try failureResult(of: answers[1]) is CancelledError)
    #expect(try successResult(of: answers[0]).count == 1 && successResult(of: answers[2]).count == 1)
    #expect(server.queries.count == 1)
  }

  @Test func `cancelling works at every moment, and leaves nothing open`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    for wait: Duration in [.zero, .milliseconds(1), .seconds(6), .seconds(9)] {
      let answer = names.lookup("a.test", .a)
      if wait > .zero { reactor.run(for: wait) }
      answer.cancel()
      #expect(try failureResult(of: answer) is CancelledError)
      reactor.run(for: .milliseconds(1))
      #expect(reactor.openHandles.count == 1, "\(reactor.openHandles)")
    }
    #expect(reactor.delayedCalls.isEmpty)
  }

  @Test func `questions above the limit wait for others to end`() throws {
    var pending: [() -> Void] = []
    let server = try ScriptedServer(on: reactor) { query, reply in
      pending.append { reply(MessageWriter.response(to: query, answers: [.a(query.question!.name, "192.0.2.1")])) }
    }
    _ = server
    var configuration = NameClient.Configuration(server)
    configuration.maximumQueries = 3
    let names = NameClient(configuration, on: reactor)
    let answers = (0..<10).map { names.lookup("n\($0).test", .a) }
    // One that waits is given up.
    answers[9].cancel()
    try failureResult(of: answers[9])
    reactor.run(for: .milliseconds(10))
    #expect(pending.count == 3)
    while let next = pending.first {
      pending.removeFirst()
      next()
      reactor.run(for: .milliseconds(10))
      #expect(pending.count <= 3)
    }
    for answer in answers.dropLast() { try successResult(of: answer) }
    #expect(server.queries.count == 9)
  }

  @Test func `each question has another id and another port`() throws {
    let server = try server()
    let names = NameClient(.init(server), on: reactor)
    for number in 0..<20 {
      let answer = names.lookup("n\(number).test", .a)
      reactor.run(for: .milliseconds(10))
      try failureResult(of: answer)
    }
    #expect(Set(server.queries.map(\.id)).count >= 19)
    #expect(Set(server.sources.map(\.port)).count == 20)
  }

  @Test func `many questions at once share ports, each of them for a few`() throws {
    let server = try server()
    let names = NameClient(.init(server), on: reactor)
    let answers = (0..<200).map { names.lookup("n\($0).test", .a) }
    reactor.run(for: .seconds(1))
    for answer in answers { #expect(try failureResult(of: answer, as: NameError.self).code == .noData) }
    #expect((4...10).contains(Set(server.sources.map(\.port)).count))
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `no such name, and no such record, are different errors, and kept (RFC 2308)`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      let exists = query.question!.name == "a.test"
      reply(MessageWriter.response(to: query, code: exists ? 0 : 3, authority: [.soa("test", ttl: 50, minimum: 20)]))
    }
    let names = NameClient(.init(server), on: reactor)
    func failure(_ name: String) throws -> NameError {
      let answer = names.lookup(name, .mx)
      reactor.run(for: .seconds(1))
      return try failureResult(of: answer, as: NameError.self)
    }
    let missing = try failure("b.test")
    #expect(
      missing.code == .noSuchName && missing.server == "127.0.0.53:53" && missing.typeName == "MX"
        && !missing.isTemporary)
    #expect(missing.description == "look up b.test MX: the name does not exist, says 127.0.0.53:53: check the spelling")
    #expect(try failure("a.test").code == .noData)
    #expect(try failure("b.test") == missing && server.queries.count == 2)
    // For the lesser of the TTL and the SOA's own field (RFC 2308 §5).
    reactor.run(for: .seconds(20))
    _ = try failure("b.test")
    #expect(server.queries.count == 3)
  }

  @Test func `a missing name without a SOA record is not kept`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in reply(MessageWriter.response(to: query, code: 3)) }
    let names = NameClient(.init(server), on: reactor)
    for _ in 0..<2 {
      let answer = names.lookup("a.test", .a)
      reactor.run(for: .seconds(1))
      try failureResult(of: answer)
    }
    #expect(server.queries.count == 2)
  }

  @Test func `aliases are followed in an answer, and asked for where it ends before them`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      switch query.question!.name {
      case "www.test":
        reply(
          MessageWriter.response(
            to: query, answers: [.cname("www.test", "cdn.test", ttl: 30), .cname("cdn.test", "far.example")]))
      default: reply(MessageWriter.response(to: query, answers: [.a("far.example", "192.0.2.9")]))
      }
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("www.test", .a)
    reactor.run(for: .seconds(1))
    let found = try successResult(of: answer)
    #expect(found.canonicalName == "far.example" && found.aliases.map(\.name) == ["www.test", "cdn.test"])
    #expect(Array(found) == [IPAddress("192.0.2.9")!] && found.ttl == .seconds(30) && server.queries.count == 2)
    let alias = names.lookup("www.test", .cname)
    reactor.run(for: .seconds(1))
    #expect(try Array(successResult(of: alias)) == ["cdn.test"])
  }

  @Test(arguments: [true, false])
  func `aliases that lead back, or do not end, are an error`(isLoop: Bool) throws {
    var number = 0
    let server = try ScriptedServer(on: reactor) { query, reply in
      number += 1
      let target: DNSName =
        isLoop ? (query.question!.name == "a.test" ? "b.test" : "a.test") : try DNSName("n\(number).test")
      reply(MessageWriter.response(to: query, answers: [.cname(query.question!.name, target)]))
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(10))
    #expect(try failureResult(of: answer, as: NameError.self).code == .aliasLoop)
    #expect(server.queries.count <= 17)
  }

  @Test func `close ends all lookups, and later ones fail`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    let under = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    names.close()
    #expect(try failureResult(of: under, as: NameError.self).code == .closed)
    let later = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try failureResult(of: later, as: NameError.self).code == .closed)
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `a client that is released answers what it was asked`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1"))
    weak var released: NameClient?
    let answer: Deferred<NameAnswer<IPAddress>>
    do {
      let names = NameClient(.init(server), on: reactor)
      released = names
      answer = names.lookup("a.test", .a)
    }
    reactor.run(for: .seconds(1))
    try successResult(of: answer)
    #expect(released == nil)
  }

  @Test func `a reactor that is released with a lookup under way releases its client`() throws {
    weak var released: NameClient?
    do {
      let network = MemoryNetwork(seed: 1)
      let server = try ScriptedServer(on: network.reactor) { _, _ in }
      let names = NameClient(.init(server), on: network.reactor)
      released = names
      _ = names.lookup("a.test", .a)
      network.reactor.run(for: .seconds(1))
    }
    #expect(released == nil)
  }

  @Test func `a callback may look up again, cancel others and close`() throws {
    let server = try server("127.0.0.53", .a("a.test", "192.0.2.1"), .a("b.test", "192.0.2.2"))
    let names = NameClient(.init(server), on: reactor)
    let first = names.lookup("a.test", .a)
    let other = names.lookup("a.test", .a)
    var nested: Deferred<NameAnswer<IPAddress>>?
    first.addCallback { _ in
      other.cancel()
      nested = names.lookup("b.test", .a)
      nested?.addBoth { _ in names.close() }
    }
    reactor.run(for: .seconds(1))
    #expect(try failureResult(of: other) is CancelledError)
    #expect(nested?.isFired == true && reactor.openHandles.count == 1)
  }

  @Test func `a query gives the whole answer, NXDOMAIN too`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      reply(MessageWriter.response(to: query, code: 3, authority: [.soa("test")], datagramSize: 1400))
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.query("a.test", .other(65280))
    reactor.run(for: .seconds(1))
    let message = try successResult(of: answer)
    #expect(message.responseCode == .noSuchName && message.authority.count == 1 && message.datagramSize == 1400)
    #expect(server.queries[0].question?.typeNumber == 65280)
    #expect(try failureResult(of: names.query("a..b", .mx), as: NameError.self).code == .badName)
  }

  @Test func `no server at all is an error that says so`() throws {
    let names = NameClient(.init(servers: []), on: reactor)
    let answer = names.lookup("a.test", .a)
    reactor.run(for: .seconds(1))
    #expect(try "\(failureResult(of: answer))" == "look up a.test A: there is no server to ask: name one")
  }

  @Test func `a full cache drops what was not used`() {
    var cache = NameCache(capacity: 10, maximumTTL: .seconds(100))
    let now = reactor.now
    let error = NameError(.noData, "x", reason: "")
    func key(_ number: Int) -> NameQuestion.Key { .init(name: DNSName(wire: [1, UInt8(number), 0]), typeNumber: 1) }
    for number in 0..<100 {
      cache.insert(.failure(error), for: key(number), keep: .seconds(1000), now: now)
      #expect(cache.answer(for: key(0), now: now) != nil && cache.count <= 10)
    }
    #expect(cache.answer(for: key(50), now: now) == nil && cache.answer(for: key(99), now: now) != nil)
    #expect(cache.answer(for: key(99), now: now + .seconds(100)) == nil)
  }
}
