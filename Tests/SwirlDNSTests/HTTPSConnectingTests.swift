import Swirl
import SwirlTesting
import Testing

@testable import SwirlDNS
@testable import SwirlNet

/// Connecting by HTTPS records: what a client of HTTP does with what a scripted name server says of `a.test`.
@Suite(.failsOnUnhandledFailures) struct HTTPSConnectingTests {
  private let bench: Bench
  init() throws { bench = try Bench() }

  // MARK: - Where it connects to

  @Test func `a record's port and target count, and TLS verifies the origin`() throws {
    let place = try bench.serve("cdn.test", 8443)
    bench.records = [.a("cdn.test", place.host), .a("a.test", "10.9.9.9")]
    bench.bindings = ["a.test": [.init(1, "cdn.test", [.port(8443)])]]
    #expect(bench.fetch("https://a.test/") == "cdn.test:8443")
  }

  @Test func `an origin with a port of its own has records of its own`() throws {
    let place = try bench.serve("a.test", 9443)
    bench.records = [.a("a.test", place.host)]
    bench.bindings = ["_8443._https.a.test": [.init(1, "a.test", [.port(9443)])]]
    #expect(bench.fetch("https://a.test:8443/") == "a.test:9443")
  }

  @Test func `endpoints are tried by priority, and the origin itself is the last`() throws {
    let place = try bench.serve("b.test", 443)
    let origin = try bench.serve("a.test", 443)
    bench.records = [.a("b.test", place.host), .a("a.test", origin.host), .a("c.test", place.host)]
    // Nothing listens at the first one.
    bench.bindings = ["a.test": [.init(2, "b.test"), .init(1, "c.test", [.port(1)])]]
    #expect(bench.fetch("https://a.test/") == "b.test:443")
    bench.forget()
    bench.bindings = ["a.test": [.init(1, "c.test", [.port(1)])]]
    #expect(bench.fetch("https://a.test/") == "a.test:443")
  }

  @Test func `an alias leads to another host, with and without records`() throws {
    let place = try bench.serve("b.test", 443)
    bench.records = [.a("b.test", place.host)]
    bench.bindings = ["a.test": [.init(0, "b.test")]]
    #expect(bench.fetch("https://a.test/") == "b.test:443")
    bench.forget()
    let other = try bench.serve("c.test", 444)
    bench.records.append(.a("c.test", other.host))
    bench.bindings["b.test"] = [.init(1, "c.test", [.port(444)])]
    #expect(bench.fetch("https://a.test/") == "c.test:444")
  }

  @Test func `hints count while the target's addresses are not there`() throws {
    let place = try bench.serve("cdn.test", 443)
    bench.records = [.a("a.test", "10.9.9.9")]
    bench.silent = ["cdn.test"]
    bench.bindings = ["a.test": [.init(1, "cdn.test", [.ipv4Hint(place.host)])]]
    #expect(bench.fetch("https://a.test/") == "cdn.test:443")
    #expect(bench.duration < .milliseconds(100))
    bench.forget()
    bench.silent = []
    bench.records.append(.a("cdn.test", place.host))
    bench.bindings = ["a.test": [.init(1, "cdn.test", [.ipv4Hint("10.9.9.9")])]]
    #expect(bench.fetch("https://a.test/") == "cdn.test:443")
    #expect(bench.duration < .milliseconds(50))
  }

  // MARK: - What it leaves out

  @Test func `what needs an unknown parameter, or other protocols alone, is left out`() throws {
    let origin = try bench.serve("a.test", 443)
    bench.records = [.a("a.test", origin.host), .a("b.test", origin.host)]
    for parameters: [Bench.Parameter] in [
      [.mandatory([667]), .unknown(667)], [.alpn(["h3"]), .noDefault], [.mandatory([5]), .unknown(5)],
    ] {
      bench.forget()
      bench.bindings = ["a.test": [.init(1, "b.test", [.port(1)] + parameters)]]
      #expect(bench.fetch("https://a.test/") == "a.test:443")
    }
    // Without no-default-alpn, HTTP/1.1 is served.
    bench.forget()
    _ = try bench.serve("b.test", 445)
    bench.records = [.a("a.test", "10.9.9.9"), .a("b.test", bench.network.addHost("b.test").host)]
    bench.bindings = ["a.test": [.init(1, "b.test", [.port(445), .alpn(["h3"])])]]
    #expect(bench.fetch("https://a.test/") == "b.test:445" && bench.version == "HTTP/1.1")
  }

  #if HTTP2
  @Test(arguments: [(["h2"], "HTTP/2"), (["h2", "http/1.1"], "HTTP/2"), (["http/1.1"], "HTTP/1.1"), ([], "HTTP/2")])
  func `HTTP/2 is offered only where the record has it`(protocols: [String], version: String) throws {
    let place = try bench.serve("a.test", 443)
    bench.records = [.a("a.test", place.host)]
    bench.bindings = ["a.test": [.init(1, .root, protocols.isEmpty ? [] : [.alpn(protocols), .noDefault])]]
    #expect(bench.fetch("https://a.test/") == "a.test:443" && bench.version == version)
  }
  #endif

  @Test func `addresses, local names and plain HTTP are not asked for`() throws {
    let plain = try bench.serve("a.test", 80, isSecure: false)
    bench.records = [.a("a.test", plain.host)]
    bench.bindings = ["a.test": [.init(1, "b.test", [.port(1)])]]
    #expect(bench.fetch("http://a.test/") == "a.test:80")
    for host in ["127.0.0.1", "[::1]", "localhost", "x.localhost", "single"] { _ = bench.fetch("https://\(host)/") }
    #expect(!bench.server.queries.contains { $0.question?.typeNumber == 65 })
  }

  // MARK: - What goes wrong

  @Test(arguments: Bench.Trouble.allCases)
  func `late and broken records neither delay nor break a connect`(trouble: Bench.Trouble) throws {
    let origin = try bench.serve("a.test", 443)
    bench.records = [.a("a.test", origin.host)]
    bench.bindings = ["a.test": [.init(1, "b.test", [.port(1)])]]
    bench.trouble = trouble
    #expect(bench.fetch("https://a.test/") == "a.test:443")
    // Two round trips of names, the delay, the connect with TLS and the request.
    #expect(bench.duration < .milliseconds(70))
  }

  @Test func `late addresses are waited for, where the records have none`() throws {
    let place = try bench.serve("cdn.test", 443)
    bench.records = [.a("cdn.test", place.host)]
    bench.late = ["cdn.test": .milliseconds(300)]
    bench.bindings = ["a.test": [.init(1, "cdn.test")]]
    #expect(bench.fetch("https://a.test/") == "cdn.test:443")
  }

  @Test func `a name without anything has the error of its addresses`() throws {
    let said = bench.fetch("https://a.test/")
    #expect(said.contains("a.test") && said.contains("does not exist"))
  }

  @Test func `a fetch that is cancelled leaves no question`() throws {
    bench.silent = ["a.test"]
    let names = bench.names!
    let fetched = bench.client.fetch("https://a.test/")
    bench.network.reactor.run(for: .milliseconds(10))
    #expect(names.begunWork?.count == 3)
    fetched.addErrback { _ in }
    fetched.cancel()
    bench.network.reactor.run(for: .milliseconds(10))
    #expect(names.begunWork?.count == 0)
  }
}

/// A client on a network in memory, with a name server of scripts, and servers of HTTP for `a.test`.
final class Bench {
  struct Binding {
    let priority: UInt16
    let target: DNSName
    let parameters: [Parameter]
    init(_ priority: UInt16, _ target: DNSName, _ parameters: [Parameter] = []) {
      self.priority = priority
      self.target = target
      self.parameters = parameters
    }
  }

  enum Parameter {
    case mandatory([UInt16]), alpn([String]), noDefault, port(UInt16), ipv4Hint(String), unknown(UInt16)

    fileprivate var content: (key: UInt16, value: [UInt8]) {
      switch self {
      case .mandatory(let keys): (0, keys.flatMap(\.wire))
      case .alpn(let names): (1, names.flatMap { [UInt8($0.utf8.count)] + $0.utf8 })
      case .noDefault: (2, [])
      case .port(let port): (3, port.wire)
      case .ipv4Hint(let address): (4, IPAddress(address)!.bytes)
      case .unknown(let key): (key, [1])
      }
    }
  }

  /// What becomes of questions for HTTPS records.
  enum Trouble: CaseIterable { case silence, failure, refusal, malformed, late }

  let network = MemoryNetwork(seed: 5)
  private(set) var server: ScriptedServer!
  private(set) var names: NameClient!
  private(set) var client: HTTPClient!
  private let authority = TestAuthority()
  var records: [DNSRecord] = []
  var bindings: [DNSName: [Binding]] = [:]
  var trouble: Trouble?
  /// The names whose questions get no answer, or a late one.
  var silent: Set<DNSName> = []
  var late: [DNSName: Duration] = [:]
  private(set) var duration = Duration.zero
  private(set) var version = ""

  init() throws {
    server = try ScriptedServer(on: network.reactor) { [unowned self] query, reply in
      let (name, type) = (query.question!.name, query.question!.typeNumber)
      if silent.contains(name) { return }
      network.reactor.callLater(late[name] ?? .zero) { [self] in answer(query, name, type, reply) }
    }
    forget()
  }

  /// Begins anew: without connections, and without answers that were kept.
  func forget() {
    names?.close()
    client?.close()
    names = NameClient(.init(servers: [server.address]), on: network.reactor)
    network.reactor.resolver.use(names)
    var configuration = HTTPClient.Configuration()
    configuration.tls.roots = [authority.root]
    client = HTTPClient(configuration, on: network.reactor)
  }

  private func answer(_ query: DNSMessage, _ name: DNSName, _ type: UInt16, _ reply: @escaping ([UInt8]) -> Void) {
    if type == 65, let trouble {
      switch trouble {
      case .silence: return
      case .failure: return reply(MessageWriter.response(to: query, code: 2))
      case .refusal: return reply(MessageWriter.response(to: query, code: 5))
      case .malformed: return reply(Array(MessageWriter.response(to: query).dropLast(3)))
      case .late: break
      }
    }
    let found =
      type == 65
      ? (bindings[name] ?? []).map { DNSRecord(name, 65, seconds: 60, .binding(binding($0))) }
      : records.filter { $0.name == name && $0.typeNumber == type }
    let isKnown = !found.isEmpty || bindings[name] != nil || records.contains { $0.name == name }
    let bytes = MessageWriter.response(
      to: query, code: isKnown ? 0 : 3, answers: found, authority: found.isEmpty ? [.soa("test")] : [])
    if type == 65, trouble == .late {
      network.reactor.callLater(.milliseconds(200)) { reply(bytes) }
    } else {
      reply(bytes)
    }
  }

  private func binding(_ binding: Binding) -> ServiceBinding {
    let parameters = binding.parameters.map(\.content).sorted { $0.key < $1.key }
    let bytes =
      binding.priority.wire + binding.target.wire
      + parameters.flatMap { $0.key.wire + UInt16($0.value.count).wire + $0.value }
    var reader = WireReader(bytes)
    guard let read = try? ServiceBinding(&reader) else { fatalError("a test's record has no form") }
    return read
  }

  /// A server that says where it is, with the certificate of `a.test`.
  func serve(_ host: String, _ port: Int, isSecure: Bool = true) throws -> SocketAddress {
    let server = HTTPServer { _ in .text("\(host):\(port)") }
    let tls = isSecure ? TLSConfiguration.server(authority.identity(for: "a.test")) : nil
    return try server.listen(port, interface: host, tls: tls, on: network.reactor).localAddress
  }

  /// The text of a response, or the error.
  func fetch(_ url: String) -> String {
    let start = network.reactor.now
    var text = "no answer"
    client.fetch(HTTPClient.Request(url)) { [self] result in
      duration = network.reactor.now - start
      switch result {
      case .success(let response): (text, version) = (response.text, "\(response.version)")
      case .failure(let error): text = "\(error)"
      }
    }
    network.reactor.run(for: .seconds(25))
    return text
  }
}
