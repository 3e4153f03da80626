import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPServer

/// Callbacks that fetch again, cancel others and themselves, close their client and release it: the lists of a client
/// change while it calls them.
@Suite struct ReentrantCallbackTests {
  private final class Program {
    static let requests = 1500

    let network: MemoryNetwork
    private var random: SeededGenerator
    private let use: HTTPClient.Configuration
    private(set) var server: HTTPServer!
    private var client: HTTPClient?
    private(set) var started = 0
    /// How many results each request has had.
    private(set) var results: [Int: Int] = [:]
    private(set) var answered = 0
    private var live: [Int: HTTPClient.Exchange] = [:]
    private var depth = 0
    private weak var last: HTTPClient?

    var isUnused: Bool { last?.counts ?? HTTPClient.Counts() == HTTPClient.Counts() }

    init(seed: UInt64, _ configuration: HTTPClient.Configuration) throws {
      network = MemoryNetwork(seed: seed, link: .init(latency: .microseconds(100)))
      random = SeededGenerator(seed: seed)
      use = configuration
      server = HTTPServer { [unowned self] _ in answer() }
      server.logger = LogLines().logger()
      for host in Self.hosts { try server.listen(80, interface: host, on: network.reactor) }
    }

    private static let hosts = ["a.test", "b.test", "c.test"]

    private func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

    private func answer() -> Deferred<HTTPServer.Response> {
      switch pick(0..<10) {
      case 0: return Deferred()
      case 1: return network.reactor.sleep(.microseconds(pick(0..<5000))).addCallback { .text("late") }
      case 2: return .succeed(.text("last").with("Connection", "close"))
      case 3: return .succeed(.stream(length: 10) { $0.end() })
      default: return .succeed(.text("hello"))
      }
    }

    func fetch() {
      guard started < Self.requests else { return }
      started += 1
      let number = started
      let client = client ?? HTTPClient(use, on: network.reactor)
      self.client = client
      last = client
      // Also to a host without a server.
      let host = pick(0..<20) == 0 ? "d.test" : Self.hosts[pick(0..<3)]
      let request = HTTPClient.Request(
        "http://\(host)/\(number)", method: pick(0..<4) == 0 ? .post : .get,
        body: pick(0..<4) == 0 ? .bytes([1, 2, 3]) : nil, timeout: .microseconds(pick(300..<20_000)))
      live[number] = client.fetch(request) { [unowned self] result in
        results[number, default: 0] += 1
        if case .success = result { answered += 1 }
        react(number)
        live[number] = nil
      }
    }

    private func react(_ number: Int) {
      depth += 1
      defer { depth -= 1 }
      // A cancelled request calls back at once.
      switch depth > 10 ? -1 : pick(0..<12) {
      case 0:
        client?.close()
        fetch()
        client = nil
      case 1, 2: client = nil
      case 3: for _ in 0..<pick(1..<5) { live.values.randomElement(using: &random)?.cancel() }
      case 4: live[number]?.cancel()
      case 5:
        fetch()
        live[started]?.cancel()
      default: break
      }
      for _ in 0..<pick(0..<4) { fetch() }
    }
  }

  @Test(.inBothVersions, arguments: 1...3 as ClosedRange<UInt64>)
  func `each request has one result, whatever callbacks do`(_ seed: UInt64) throws {
    var configuration = HTTPClient.Configuration()
    configuration.connections = 5
    configuration.connectionsPerOrigin = 3
    configuration.idleTimeout = .milliseconds(5)
    configuration.connectionLifetime = .milliseconds(20)
    let program = try Program(seed: seed, configuration.inCurrentVersion)
    while program.started < Program.requests {
      for _ in 0..<20 { program.fetch() }
      program.network.reactor.run(for: .milliseconds(5))
    }
    program.network.reactor.run(for: .seconds(60))
    #expect(program.results.count == Program.requests && program.results.values.allSatisfy { $0 == 1 })
    #expect(program.answered > Program.requests / 10 && program.isUnused)
  }
}
