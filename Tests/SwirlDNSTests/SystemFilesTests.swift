import Foundation
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

@Suite(.failsOnUnhandledFailures) final class SystemFilesTests {
  private let network = MemoryNetwork(seed: 9)
  private var reactor: Reactor { network.reactor }
  private let folder = FileManager.default.temporaryDirectory.appending(path: "names-\(UUID())")
  private var paths: [String] { ["resolv.conf", "hosts"].map { folder.appending(path: $0).path } }

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ resolvConf: String, _ hosts: String = "") throws {
    try resolvConf.write(toFile: paths[0], atomically: true, encoding: .utf8)
    try hosts.write(toFile: paths[1], atomically: true, encoding: .utf8)
  }

  @Test func `a client follows the files, and asks no more than every five seconds`() throws {
    let first = try ScriptedServer("127.0.0.53", on: reactor) { query, reply in
      reply(MessageWriter.response(to: query, answers: [.a(query.question!.name, "192.0.2.1", ttl: 3600)]))
    }
    let second = try ScriptedServer("127.0.0.54", on: reactor) { query, reply in
      reply(MessageWriter.response(to: query, answers: [.a(query.question!.name, "192.0.2.2", ttl: 3600)]))
    }
    try write("nameserver 127.0.0.53")
    let names = NameClient(.init(SystemFiles(paths)), on: reactor)
    func look() throws -> String? {
      let answer: Deferred<NameAnswer<IPAddress>> = names.lookup("a.test", .a)
      reactor.run(for: .milliseconds(10))
      return try successResult(of: answer).first?.description
    }
    #expect(try look() == "192.0.2.1")
    try write("nameserver 127.0.0.54")
    #expect(try look() == "192.0.2.1")
    reactor.run(for: .seconds(5))
    // What was kept belongs to another network.
    #expect(try look() == "192.0.2.2" && first.queries.count == 1 && second.queries.count == 1)
    reactor.run(for: .seconds(60))
    #expect(try look() == "192.0.2.2" && second.queries.count == 1)
    try write("nameserver 127.0.0.54", "192.0.2.3 a.test")
    reactor.run(for: .seconds(5))
    let addresses = names.addresses(of: "a.test")
    #expect(try successResult(of: addresses).map(\.host) == ["192.0.2.3"])
  }

  @Test func `what the program has set stays`() throws {
    try write("nameserver 192.0.2.53\noptions timeout:3")
    var configuration = NameClient.Configuration(SystemFiles(paths))
    configuration.timeout = .seconds(1)
    configuration.cacheCapacity = 7
    #expect(configuration.systemFiles?.changed() == nil)
    try write("nameserver 192.0.2.54\noptions timeout:4 ndots:2")
    configuration.follow(try #require(configuration.systemFiles?.changed()))
    #expect(configuration.servers.map(\.host) == ["192.0.2.54"] && configuration.ndots == 2)
    #expect(configuration.timeout == .seconds(1) && configuration.cacheCapacity == 7)
    #expect(configuration.systemFiles?.changed() == nil)
  }

  @Test func `a file that is missing, and one that comes later`() throws {
    var configuration = NameClient.Configuration(SystemFiles(paths))
    #expect(configuration.servers.map(\.host) == ["127.0.0.1"] && configuration.systemFiles?.changed() == nil)
    try write("nameserver 192.0.2.53")
    configuration.follow(try #require(configuration.systemFiles?.changed()))
    #expect(configuration.servers.map(\.host) == ["192.0.2.53"])
  }
}
