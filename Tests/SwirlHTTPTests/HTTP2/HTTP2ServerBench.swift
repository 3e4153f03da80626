#if HTTP2
import HTTPTypes
import Swirl
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

/// A server, and a client of scripts that speaks HTTP/2, on a network in memory.
final class HTTP2ServerBench {
  let network = MemoryNetwork(seed: 1, link: .init(latency: .zero))
  let server: HTTPServer
  let port: Int
  var reactor: Reactor { network.reactor }

  init(_ server: HTTPServer) throws {
    self.server = server
    port = Int(try server.listen(0, on: network.reactor).localAddress.port)
  }

  /// A client whose connection is established.
  func connect(_ settings: HTTP2Settings = HTTP2Settings()) -> HTTP2Caller {
    let caller = HTTP2Caller(settings)
    reactor.connectTCP("127.0.0.1", port) { caller }.addErrback { Issue.record($0) }
    run { caller.transport != nil }
    return caller
  }

  /// A client that takes `window` bytes of each stream, and no more.
  func connect(window: Int) -> HTTP2Caller {
    var settings = HTTP2Settings()
    settings.streamWindow = window
    let caller = connect(settings)
    caller.consumes = false
    return caller
  }

  /// Runs the reactor until `condition` holds.
  func run(sourceLocation: SourceLocation = #_sourceLocation, until condition: @escaping () -> Bool) {
    if condition() { return }
    let hangs = reactor.callLater(.seconds(600)) { [unowned self] in
      Issue.record("it hangs", sourceLocation: sourceLocation)
      reactor.crash()
    }
    func look() {
      if condition() { return reactor.crash() }
      reactor.callLater(.milliseconds(1)) { look() }
    }
    look()
    reactor.run()
    hangs.cancel()
  }

  /// Runs the reactor for a time.
  func run(for time: Duration) {
    reactor.callLater(time) { [unowned self] in reactor.crash() }
    reactor.run()
  }
}

/// A client of scripts.
final class HTTP2Caller: StreamProtocol {
  let session: HTTP2Session
  private(set) var transport: (any Transport)?
  private(set) var calls: [Int32: HTTP2Call] = [:]
  private(set) var goAways: [(lastStream: Int32, code: HTTP2ErrorCode)] = []
  private(set) var end: ConnectionEnd?
  private(set) var hasInputEnded = false
  /// Whether it gives the server room again for what has come.
  var consumes = true
  /// Whether it gives room again on the connection.
  var consumesConnection = true

  init(_ settings: HTTP2Settings) { session = HTTP2Session(.client, settings) }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    flush()
  }

  func flush() {
    while let bytes = session.takeOutput() { transport?.write(bytes) }
    session.handleEvents { take($0, []) }
  }

  /// Begins a request.
  @discardableResult
  func request(
    _ head: String, _ content: String? = nil, isComplete: Bool = true, isExtendedConnect: Bool = false
  ) -> HTTP2Call {
    let lines = head.split(separator: "\n").joined(separator: "\r\n")
    var bytes = Array("\(lines)\r\n".utf8)
    if !head.contains("Host:") { bytes += "Host: swirl.example\r\n".utf8 }
    bytes += "\r\n".utf8
    let hasContent = content != nil || !isComplete
    var id: Int32 = -1
    do {
      id = try session.request(
        bytes, scheme: "http", hasContent: hasContent, isExtendedConnect: isExtendedConnect)
    } catch { Issue.record(error) }
    let call = HTTP2Call(id, on: self)
    calls[id] = call
    if let content { call.write(content) }
    if hasContent, isComplete { call.end() }
    flush()
    return call
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    let copy = bytes.withUnsafeBufferPointer { Array($0) }
    do throws(HTTP2Error) { try session.receive(bytes) { take($0, copy) } } catch { Issue.record("\(error)") }
    flush()
  }

  private func take(_ event: HTTP2Event, _ bytes: [UInt8]) {
    switch event {
    case .head(let id, let section, _): calls[id]?.head = section.text
    case .informational(let id, let section): calls[id]?.informational.append(section.text)
    case .data(let id, let range):
      calls[id]?.content += bytes[range]
      if consumesConnection { session.consumeConnection(range.count) }
      if consumes { session.consume(range.count, of: id) }
    case .trailers(let id, let section): calls[id]?.trailers = section.text
    case .end(let id): calls[id]?.hasEnded = true
    case .closed(let id, let code): calls[id]?.closed = code
    case .goAway(let last, let code, _): goAways.append((last, code))
    default: break
    }
  }

  func endReceived() -> Bool {
    hasInputEnded = true
    return false
  }

  func connectionLost(_ end: ConnectionEnd) { self.end = end }
}

/// A request of the client of scripts, and what came for it.
final class HTTP2Call {
  let id: Int32
  private unowned let caller: HTTP2Caller
  fileprivate(set) var head: String?
  fileprivate(set) var informational: [String] = []
  fileprivate(set) var content: [UInt8] = []
  fileprivate(set) var trailers: String?
  fileprivate(set) var hasEnded = false
  /// With which code the stream was closed.
  fileprivate(set) var closed: HTTP2ErrorCode?

  init(_ id: Int32, on caller: HTTP2Caller) {
    self.id = id
    self.caller = caller
  }

  var text: String { String(decoding: content, as: UTF8.self) }
  var status: Int? { head.flatMap { Int($0.split(separator: " ")[1].prefix(3)) } }

  func write(_ text: String) {
    _ = caller.session.write(Array(text.utf8), on: id)
    caller.flush()
  }

  func end(trailers: HTTPFields? = nil) {
    caller.session.end(id, trailers: trailers)
    caller.flush()
  }

  func reset(_ code: HTTP2ErrorCode = .cancel) {
    caller.session.reset(id, code)
    caller.flush()
  }

  /// Gives the server room for what has come.
  func consume() {
    caller.session.consume(content.count, of: id)
    caller.flush()
  }
}

extension FieldSection {
  fileprivate var text: String {
    String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").joined(separator: "\n")
  }
}
#endif
