import Logging
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor
import SwirlTesting
import Synchronization

@testable import SwirlReverseProxy

/// A proxy between clients and an upstream that both send the test's bytes, in virtual time.
final class ProxyBench {
  let network = MemoryNetwork(seed: 1)
  var reactor: Reactor { network.reactor }
  private(set) var proxy: ReverseProxy!
  private(set) var server: HTTPServer!
  /// What the proxy has logged.
  let log = LogLines()
  /// The upstream's connections, in the order they came.
  private(set) var upstream: [UpstreamConnection] = []
  /// Called with each request head that an upstream has received, with its connection.
  var answer: (UpstreamConnection, String) -> Void
  private var listener: Listener?

  /// - Parameters:
  ///   - configuration: that of the proxy.
  ///   - serving: that of its server.
  ///   - to: the upstreams; by default the one of this bench.
  convenience init(
    _ configuration: ReverseProxy.Configuration = .init(), serving: HTTPServer.Configuration = .init(),
    to upstreams: [String] = ["http://back.test:9000"],
    answer: @escaping (UpstreamConnection, String) -> Void = { connection, _ in connection.answer("hello") }
  ) throws {
    try self.init(configuration, serving, to: upstreams, answer) { proxy, serving in
      HTTPServer(configuration: serving, proxy)
    }
  }

  /// With another server for the proxy.
  init(
    _ configuration: ReverseProxy.Configuration, _ serving: HTTPServer.Configuration, to upstreams: [String],
    _ answer: @escaping (UpstreamConnection, String) -> Void,
    makeServer: (ReverseProxy, HTTPServer.Configuration) -> HTTPServer
  ) throws {
    self.answer = answer
    var configuration = configuration
    if configuration.name == nil { configuration.name = "here" }
    proxy = ReverseProxy(to: upstreams, configuration: configuration, on: reactor)
    server = makeServer(proxy, serving)
    let log = log
    proxy.logger = Logger(label: "proxy") { _ in log.handler }
    server.logger = proxy.logger
    try server.listen(80, interface: "front.test", on: reactor)
    listener = try listenUpstream("back.test")
  }

  @discardableResult
  func listenUpstream(_ name: String) throws -> Listener {
    network.addHost(name)
    return try reactor.listenTCP(9000, interface: name) { [unowned self] _ in
      let connection = UpstreamConnection(self, name)
      upstream.append(connection)
      return connection
    }
  }

  func stopUpstream() { listener?.stop() }

  /// A client that sends `text`.
  func connect(sending text: String = "") -> RecordingProtocol {
    let client = RecordingProtocol()
    reactor.connectTCP("front.test", 80) { client }.addCallback { client in client.transport?.write(text) }
      .addErrback { error in fatalError("\(error)") }
    return client
  }

  /// What a client gets for `text` within a second.
  func send(_ text: String) -> String {
    let client = connect(sending: text)
    run()
    defer {
      client.transport?.abort()
      run()
    }
    return client.receivedText
  }

  func run(for duration: Duration = .seconds(1)) { reactor.run(for: duration) }

  /// What the upstream has received on all connections.
  var received: String { upstream.map(\.text).joined() }

  /// Ends everything, and shows that nothing is left.
  func end() -> [String] {
    proxy.client.close()
    listener?.stop()
    _ = server.stop(within: .seconds(1))
    run(for: .seconds(20))
    return upstream.filter { $0.end == nil }.map { "upstream \($0.text)" }
      + (server.connectionCount > 0 ? ["\(server.connectionCount) clients"] : [])
  }
}

/// The upstream's end of a connection.
final class UpstreamConnection: StreamProtocol {
  private unowned let bench: ProxyBench
  let host: String
  private(set) var transport: (any Transport)!
  private(set) var bytes: [UInt8] = []
  private var headStart = 0
  private(set) var end: ConnectionEnd?
  /// Whether bytes are those of requests.
  var isHTTP = true

  init(_ bench: ProxyBench, _ host: String) {
    self.bench = bench
    self.host = host
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  func connectionMade(_ transport: any Transport) { self.transport = transport }

  func dataReceived(_ bytes: Span<UInt8>) {
    self.bytes.append(copying: bytes)
    guard isHTTP, let end = self.bytes[headStart...].firstRange(of: Array("\r\n\r\n".utf8)) else { return }
    let head = String(decoding: self.bytes[headStart..<end.upperBound], as: UTF8.self)
    // Tests of bodies look at the whole text.
    headStart = self.bytes.count
    bench.answer(self, head)
  }

  func connectionLost(_ end: ConnectionEnd) { self.end = end }

  func send(_ text: String) { transport.write(text) }

  func answer(_ body: String, _ fields: String = "", status: String = "200 OK") {
    send("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)")
  }
}

/// The lines of a log. Locked, since a logger may be used on any thread.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  var handler: any LogHandler { Handler(owner: self) }

  private struct Handler: LogHandler {
    let owner: LogLines
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { owner.lines.withLock { $0.append("\(event.message)") } }
  }
}

extension String {
  /// The values of a field, in a head.
  func values(_ name: String) -> [String] {
    split(separator: "\r\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
      return String(parts[1].drop { $0 == " " })
    }
  }

  /// The statuses of the answers in it.
  var statuses: [Int] {
    split(separator: "HTTP/1.1 ", omittingEmptySubsequences: true).compactMap { Int($0.prefix(3)) }
  }
}
