import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

@Suite(.failsOnUnhandledFailures) struct AddressesTests {
  private let network = MemoryNetwork(seed: 8)
  private var reactor: Reactor { network.reactor }

  /// A server of these records, which knows no other name.
  private func server(_ records: DNSRecord...) throws -> ScriptedServer {
    try ScriptedServer(on: reactor) { query, reply in
      let ofName = records.filter { $0.name == query.question!.name }
      let found = ofName.filter { $0.typeNumber == query.question!.typeNumber || $0.typeNumber == 5 }
      reply(
        MessageWriter.response(
          to: query, code: ofName.isEmpty ? 3 : 0, answers: found, authority: found.isEmpty ? [.soa("test")] : []))
    }
  }

  private func hosts(_ names: NameClient, _ host: String, for duration: Duration = .seconds(3)) throws -> [String] {
    let answer = names.addresses(of: host)
    reactor.run(for: duration)
    return try successResult(of: answer).map(\.host)
  }

  @Test func `both families are asked for, IPv6 first`() throws {
    let server = try server(
      .a("a.test", "192.0.2.1"), .a("a.test", "2001:db8::1"), .a("four.test", "192.0.2.4"),
      .a("six.test", "2001:db8::6"))
    let names = NameClient(.init(server), on: reactor)
    #expect(try hosts(names, "a.test") == ["2001:db8::1", "192.0.2.1"])
    #expect(try hosts(names, "four.test") == ["192.0.2.4"] && hosts(names, "six.test") == ["2001:db8::6"])
    #expect(try hosts(names, "a.test") == ["2001:db8::1", "192.0.2.1"] && server.queries.count == 6)
  }

  @Test(arguments: [
    ("127.0.0.1", ["127.0.0.1"]), ("::1", ["::1"]), ("localhost", ["::1", "127.0.0.1"]),
    ("a.LOCALHOST.", ["::1", "127.0.0.1"]),
  ])
  func `an address is itself, and localhost this machine (RFC 6761)`(host: String, expected: [String]) throws {
    #expect(
      try successResult(of: NameClient(.init(servers: []), on: reactor).addresses(of: host)).map(\.host) == expected)
  }

  @Test func `names that cannot be are an error at once`() throws {
    let names = NameClient(.init(servers: []), on: reactor)
    for (host, code) in [
      ("", NameError.Code.badName), ("a..b", .badName), ("x.invalid", .noSuchName), (".", .noSuchName),
    ] {
      #expect(try failureResult(of: names.addresses(of: host), as: NameError.self).code == code)
    }
  }

  @Test func `the search list completes names by their dots`() throws {
    let server = try server(
      .a("www.one.test", "192.0.2.1"), .a("a.b.two.test", "192.0.2.2"), .a("a.b", "192.0.2.3"), .a("plain", "192.0.2.4")
    )
    func asked(_ ndots: Int, _ host: String) throws -> (found: [String], names: [String]) {
      var configuration = NameClient.Configuration(server)
      configuration.searchDomains = ["one.test", "two.test"]
      configuration.ndots = ndots
      let before = server.queries.count
      let found = try hosts(NameClient(configuration, on: reactor), host)
      return (found, server.queries[before...].filter { $0.question?.typeNumber == 1 }.map { $0.question!.name.text })
    }
    #expect(try asked(1, "www") == (["192.0.2.1"], ["www.one.test"]))
    #expect(try asked(1, "a.b") == (["192.0.2.3"], ["a.b"]))
    #expect(try asked(2, "a.b") == (["192.0.2.2"], ["a.b.one.test", "a.b.two.test"]))
    #expect(try asked(1, "plain") == (["192.0.2.4"], ["plain.one.test", "plain.two.test", "plain"]))
    #expect(try asked(0, "plain") == (["192.0.2.4"], ["plain"]))
    #expect(try asked(1, "www.one.test.") == (["192.0.2.1"], ["www.one.test"]))
  }

  @Test func `a name that is nowhere is an error of the host as it was written`() throws {
    let server = try server(
      .a("a.test", "192.0.2.1"),
      DNSRecord("mail.test", 15, seconds: 1, .mx(MXRecord(preference: 1, exchange: "a.test"))))
    var configuration = NameClient.Configuration(server)
    configuration.searchDomains = ["one.test"]
    let names = NameClient(configuration, on: reactor)
    for (host, code, reason) in [
      ("no.test", NameError.Code.noSuchName, "check the spelling"), ("mail.test", .noData, "no IPv4 or IPv6 address"),
    ] {
      let answer = names.addresses(of: host)
      reactor.run(for: .seconds(2))
      let error = try failureResult(of: answer, as: NameError.self)
      #expect(error.code == code && error.name == host && error.reason.contains(reason), "\(error)")
    }
  }

  @Test func `a family that is never answered holds the other up for a second`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      if query.question?.typeNumber == 1 {
        reply(MessageWriter.response(to: query, answers: [.a("a.test", "192.0.2.1")]))
      }
    }
    let names = NameClient(.init(server), on: reactor)
    let answer = names.addresses(of: "a.test")
    reactor.run(for: .milliseconds(500))
    expectNoResult(of: answer)
    reactor.run(for: .milliseconds(600))
    #expect(try successResult(of: answer).count == 1)
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `a family that fails does not hide the other, and a failure is told before a missing record`() throws {
    let server = try ScriptedServer(on: reactor) { query, reply in
      let isA = query.question?.typeNumber == 1
      switch query.question!.name {
      case "half.test":
        reply(
          isA
            ? MessageWriter.response(to: query, answers: [.a("half.test", "192.0.2.1")])
            : MessageWriter.response(to: query, code: 2))
      default: reply(MessageWriter.response(to: query, code: isA ? 2 : 0))
      }
    }
    let names = NameClient(.init(server), on: reactor)
    #expect(try hosts(names, "half.test") == ["192.0.2.1"])
    let answer = names.addresses(of: "none.test")
    reactor.run(for: .seconds(2))
    #expect(try failureResult(of: answer, as: NameError.self).code == .serverFailure)
  }

  @Test func `hosts come before servers`() throws {
    var configuration = NameClient.Configuration(resolvConf: "", hosts: "192.0.2.9 box box.test\n2001:db8::9 box")
    configuration.servers = []
    let names = NameClient(configuration, on: reactor)
    #expect(try successResult(of: names.addresses(of: "BOX")).map(\.host) == ["192.0.2.9", "2001:db8::9"])
    #expect(try successResult(of: names.names(of: "192.0.2.9")) == ["box"])
  }

  @Test func `connecting uses it where the program says so`() throws {
    let server = try server(.cname("www.test", "host.test"), .a("host.test", "127.0.0.80"))
    let names = NameClient(.init(server), on: reactor)
    reactor.resolver.lookup = names.addresses
    var accepted = 0
    try reactor.listenTCP(80, interface: "127.0.0.80") { _ in
      accepted += 1
      return ServedQueries { _, _ in }
    }
    let connection = reactor.connectTCP("www.test", 80) { ServedQueries { _, _ in } }
    reactor.run(for: .seconds(1))
    try successResult(of: connection)
    #expect(accepted == 1)
    let missing = reactor.connectTCP("no.test", 80) { ServedQueries { _, _ in } }
    reactor.run(for: .seconds(1))
    let error = try failureResult(of: missing, as: NetError.self)
    #expect(error.code == .resolve)
    #expect("\(error)" == "resolve no.test: the name does not exist, says 127.0.0.53:53: check the spelling")
  }

  @Test func `a connect that is cancelled cancels its lookup`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    reactor.resolver.lookup = names.addresses
    let connection = reactor.connectTCP("a.test", 80) { ServedQueries { _, _ in } }
    reactor.run(for: .milliseconds(50))
    connection.cancel()
    try failureResult(of: connection)
    reactor.run(for: .milliseconds(50))
    #expect(reactor.openHandles.count == 1)
  }

  @Test func `cancelling a lookup of addresses cancels both questions`() throws {
    let server = try ScriptedServer(on: reactor) { _, _ in }
    let names = NameClient(.init(server), on: reactor)
    for wait: Duration in [.zero, .milliseconds(5), .seconds(6)] {
      let answer = names.addresses(of: "a.test")
      if wait > .zero { reactor.run(for: wait) }
      answer.cancel()
      #expect(try failureResult(of: answer) is CancelledError)
      reactor.run(for: .milliseconds(1))
      #expect(reactor.openHandles.count == 1 && reactor.delayedCalls.isEmpty)
    }
  }

  @Test func `services come in the order in which to try them`() throws {
    func srv(_ priority: UInt16, _ target: DNSName) -> DNSRecord {
      DNSRecord(
        "_x._tcp.test", 33, seconds: 60, .srv(SRVRecord(priority: priority, weight: 1, port: 5, target: target)))
    }
    let server = try server(
      srv(20, "b.test"), srv(10, "a.test"),
      DNSRecord("_no._tcp.test", 33, seconds: 60, .srv(SRVRecord(priority: 0, weight: 0, port: 0, target: .root))))
    let names = NameClient(.init(server), on: reactor)
    let services = names.services("_x._tcp.test")
    let none = names.services("_no._tcp.test")
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: services).map(\.target) == ["a.test", "b.test"])
    #expect(try failureResult(of: none, as: NameError.self).code == .noService)
  }

  @Test func `an address has names`() throws {
    let server = try server(DNSRecord("1.2.0.192.in-addr.arpa", 12, seconds: 60, .name("a.test")))
    let names = NameClient(.init(server), on: reactor)
    let answer = names.names(of: SocketAddress(ip: "192.0.2.1", port: 443)!)
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: answer) == ["a.test"])
    #expect(try failureResult(of: names.names(of: "a.test"), as: NameError.self).code == .badName)
  }
}
