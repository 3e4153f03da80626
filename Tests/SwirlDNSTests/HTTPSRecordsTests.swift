import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

@Suite(.failsOnUnhandledFailures) struct HTTPSRecordsTests {
  private let network = MemoryNetwork(seed: 3)
  private var reactor: Reactor { network.reactor }

  private func https(_ name: DNSName, _ content: String) throws -> DNSRecord {
    let bytes = hex(content)
    var reader = WireReader(bytes)
    return DNSRecord(name, 65, seconds: 60, try RecordData.read(65, bytes.count, &reader))
  }

  private func look(_ records: [DNSRecord], _ host: String = "a.test", port: Int = 443) throws -> [ServiceEndpoint] {
    let server = try ScriptedServer(on: reactor) { query, reply in
      let found = records.filter { $0.name == query.question!.name }
      reply(MessageWriter.response(to: query, code: found.isEmpty ? 3 : 0, answers: found))
    }
    defer { server.socket.close() }
    let answer = NameClient(.init(server), on: reactor).endpoints(ofHTTPS: host, port: port)
    reactor.run(for: .seconds(2))
    return try successResult(of: answer)
  }

  @Test func `endpoints come by priority, and the host itself is the last`() throws {
    let found = try look([
      https("a.test", "0002 00 0001 0003 026832"),
      https("a.test", "0001 03 63646e 04 74657374 00 0001 0003 026833 0003 0002 20fb 0004 0004 c0000201"),
      https("a.test", "0003 00 0000 0002 029b 029b 0000"),
    ])
    #expect(found.map(\.host) == ["cdn.test", "a.test", "a.test"] && found.map(\.port) == [8443, 443, 443])
    #expect(
      found[0].applicationProtocols == ["h3", "http/1.1"] && found[0].addresses.map(\.description) == ["192.0.2.1:8443"]
    )
    #expect(found[1].applicationProtocols == ["h2", "http/1.1"] && found[2].applicationProtocols.isEmpty)
  }

  @Test func `aliases are followed, to a host without records too`() throws {
    let found = try look([https("a.test", "0000 01 62 04 74657374 00"), https("b.test", "0001 00 0001 0003 026832")])
    #expect(found.map(\.host) == ["b.test", "a.test"])
    #expect(try look([https("a.test", "0000 01 62 04 74657374 00")]).map(\.host) == ["b.test", "a.test"])
    #expect(try look([]).map(\.host) == ["a.test"])
  }

  @Test func `another port has another name`() throws {
    let found = try look([https("_8443._https.a.test", "0001 01 62 04 74657374 00")], port: 8443)
    #expect(found.map(\.host) == ["b.test", "a.test"] && found.map(\.port) == [8443, 8443])
  }

  @Test func `an alias to nothing, and one to itself, are errors`() throws {
    for (content, code) in [("0000 00", NameError.Code.noService), ("0000 01 61 04 74657374 00", .aliasLoop)] {
      let record = try https("a.test", content)
      let server = try ScriptedServer(on: reactor) { query, reply in
        reply(MessageWriter.response(to: query, answers: [record]))
      }
      defer { server.socket.close() }
      let answer = NameClient(.init(server), on: reactor).endpoints(ofHTTPS: "a.test")
      reactor.run(for: .seconds(2))
      #expect(try failureResult(of: answer, as: NameError.self).code == code)
    }
  }
}
