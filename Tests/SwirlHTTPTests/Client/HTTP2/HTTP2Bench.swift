#if HTTP2
import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

/// A client, and a server of scripts that speaks HTTP/2, on a network in memory.
final class HTTP2Bench {
  let network = MemoryNetwork(seed: 1, link: .init(latency: .zero))
  var reactor: Reactor { network.reactor }
  private(set) var client: HTTPClient!
  private(set) var port = 0
  /// What the server does with a request whose head has come.
  var answer: (HTTP2Request) -> Void = { $0.answer("hello") }
  /// What it does with one that is complete.
  var answerWhole: ((HTTP2Request) -> Void)?
  /// The connections that were accepted, in order.
  private(set) var connections: [HTTP2Peer] = []
  /// The requests in the order of their heads.
  private(set) var requests: [HTTP2Request] = []
  private var pending = 0
  /// Whether all connections but the first speak HTTP/1.1.
  var acceptsHTTP1 = false

  /// Where the server listens: stop it, and no further connection can be made.
  private(set) var listener: Listener!

  /// - Parameter offersHTTP1: whether the server speaks HTTP/1.1 with a client that does not offer HTTP/2 (ALPN).
  init(
    _ configuration: HTTPClient.Configuration = .init(), streams: Int = 100, takesTunnels: Bool = false,
    authority: TestAuthority? = nil, offersHTTP1: Bool = false
  ) throws {
    var configuration = configuration
    if let authority {
      configuration.tls.roots = [authority.root]
    } else {
      configuration.http2 = .priorKnowledge
    }
    scheme = authority == nil ? "http" : "https"
    client = HTTPClient(configuration, on: reactor)
    var tls = authority.map { TLSConfiguration.server($0.identity(for: "127.0.0.1")) }
    tls?.applicationProtocols = offersHTTP1 ? ["h2", "http/1.1"] : ["h2"]
    listener = try reactor.listenTCP(0, tls: tls) { [unowned self] _ in
      if offersHTTP1 { return ByALPN { [unowned self] in accept(streams, takesTunnels) } }
      return acceptsHTTP1 && !connections.isEmpty ? OneAnswer() : accept(streams, takesTunnels)
    }
    port = Int(listener.localAddress.port)
  }

  private func accept(_ streams: Int, _ takesTunnels: Bool) -> HTTP2Peer {
    let peer = HTTP2Peer(self, streams: streams, takesTunnels: takesTunnels)
    connections.append(peer)
    return peer
  }

  private let scheme: String
  var url: String { "\(scheme)://127.0.0.1:\(port)" }

  @discardableResult
  func fetch(
    _ path: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:], body: HTTPClient.Body? = nil,
    timeout: Duration? = nil, then done: @escaping (Outcome) -> Void = { _ in }
  ) -> Outcome {
    var request = HTTPClient.Request(url + path, method: method, headers: headers, timeout: timeout)
    request.body = body
    let outcome = Outcome(path)
    pending += 1
    let exchange = client.fetch(request) { [unowned self] result in
      outcome.receive(result)
      if outcome.count == 1 { pending -= 1 }
      done(outcome)
    }
    outcome.cancelNow = { [weak exchange] in exchange?.cancel() }
    outcome.hasReturned = true
    return outcome
  }

  func begun(_ request: HTTP2Request) {
    requests.append(request)
    answer(request)
  }

  /// Runs until all fetches have their result, and then until the network is quiet.
  func run(sourceLocation: SourceLocation = #_sourceLocation) {
    run(until: { [unowned self] in pending == 0 }, sourceLocation: sourceLocation)
  }

  /// Runs for some time, with or without a result.
  func run(for duration: Duration) {
    var isOver = false
    reactor.callLater(duration) { isOver = true }
    run(until: { isOver })
  }

  func run(until condition: @escaping () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    let hangs = reactor.callLater(.seconds(600)) { [unowned self] in
      Issue.record("it hangs with \(pending) pending", sourceLocation: sourceLocation)
      reactor.crash()
    }
    func look() {
      if condition() { return _ = reactor.callLater(.milliseconds(1)) { [unowned self] in reactor.crash() } }
      reactor.callLater(.milliseconds(1)) { look() }
    }
    look()
    reactor.run()
    hangs.cancel()
  }
}

/// A connection that is one of HTTP/2 if the client has chosen that, or else of HTTP/1.1.
private final class ByALPN: StreamProtocol {
  private let accept: () -> HTTP2Peer
  init(_ accept: @escaping () -> HTTP2Peer) { self.accept = accept }
  func connectionMade(_ transport: any Transport) {
    let chosen: any StreamProtocol = transport.tlsInfo?.applicationProtocol == "h2" ? accept() : OneAnswer()
    transport.streamProtocol = chosen
    chosen.connectionMade(transport)
  }
  func dataReceived(_ bytes: Span<UInt8>) {}
}

/// A connection in HTTP/1.1, whose answer is always the same.
private final class OneAnswer: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {
    transport?.write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
  }
}

/// A connection of the server of scripts.
final class HTTP2Peer: StreamProtocol {
  private unowned let bench: HTTP2Bench
  let session: HTTP2Session
  /// Whether it hears nothing any more.
  var isDeaf = false
  /// How many answers to SETTINGS the session does not know of.
  private var strayAnswers = 0
  private(set) var transport: (any Transport)?
  private var requests: [Int32: HTTP2Request] = [:]
  private(set) var isLost = false
  /// The codes of streams that the client has reset.
  private(set) var resets: [HTTP2ErrorCode] = []

  init(_ bench: HTTP2Bench, streams: Int, takesTunnels: Bool) {
    self.bench = bench
    var settings = HTTP2Settings()
    settings.streams = streams
    settings.takesConnectProtocol = takesTunnels
    session = HTTP2Session(.server, settings)
  }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    flush()
  }

  func flush() {
    while let bytes = session.takeOutput() { transport?.write(bytes) }
    if session.isOver { transport?.close() }
  }

  /// Changes how many streams the client may have open at once.
  func setStreams(_ count: Int) {
    strayAnswers += 1
    transport?.write([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, UInt8(count)])
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    if isDeaf { return }
    var copy = bytes.withUnsafeBufferPointer { Array($0) }
    while strayAnswers > 0, let place = copy.firstRange(of: [0, 0, 0, 4, 1, 0, 0, 0, 0]) {
      copy.removeSubrange(place)
      strayAnswers -= 1
    }
    receive(copy.span, copy)
  }

  private func receive(_ bytes: Span<UInt8>, _ copy: [UInt8]) {
    do throws(HTTP2Error) { try session.receive(bytes, at: bench.reactor.turnTime) { take($0, copy) } } catch {
      Issue.record("\(error)")
    }
    flush()
  }

  private func take(_ event: HTTP2Event, _ bytes: [UInt8]) {
    switch event {
    case .head(let id, let section, _):
      let request = HTTP2Request(id, section, on: self)
      requests[id] = request
      bench.begun(request)
    case .data(let id, let range):
      session.consumeConnection(range.count)
      session.consume(range.count, of: id)
      requests[id]?.body += bytes[range]
    case .end(let id): if let request = requests[id] { bench.answerWhole?(request) }
    case .trailers(let id, let section): requests[id]?.trailers = String(decoding: section.bytes, as: UTF8.self)
    case .closed(let id, let code):
      if code != .noError { resets.append(code) }
      requests[id]?.isClosed = true
    default: break
    }
  }

  func connectionLost(_ end: ConnectionEnd) { isLost = true }
}

/// A request as the server of scripts sees it.
final class HTTP2Request {
  let id: Int32
  let head: String
  let connection: HTTP2Peer
  var body: [UInt8] = []
  var trailers: String?
  var isClosed = false

  var isPOST: Bool { head.hasPrefix("POST") }

  init(_ id: Int32, _ section: FieldSection, on connection: HTTP2Peer) {
    self.id = id
    head = String(decoding: section.bytes, as: UTF8.self)
    self.connection = connection
  }

  var path: String { String(head.split(separator: " ")[1]) }

  func begin(_ head: String, hasContent: Bool) {
    do {
      try connection.session.respond(Array((head + "\r\n").utf8), on: id, hasContent: hasContent)
    } catch { Issue.record("\(error)") }
    connection.flush()
  }

  func write(_ bytes: [UInt8]) {
    _ = connection.session.write(bytes, on: id)
    connection.flush()
  }

  func end(trailers: HTTPFields? = nil) {
    connection.session.end(id, trailers: trailers)
    connection.flush()
  }

  func answer(_ text: String, status: Int = 200, fields: String = "") {
    begin("HTTP/1.1 \(status) \r\n\(fields)content-length: \(text.utf8.count)\r\n", hasContent: true)
    write(Array(text.utf8))
    end()
  }

  func reset(_ code: HTTP2ErrorCode) {
    connection.session.reset(id, code)
    connection.flush()
  }
}

extension Outcome {
  /// The text of its response.
  var text: String? { response?.text }
}
#endif
