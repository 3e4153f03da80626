import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// A server of large bodies, and a client, on a reactor with its own thread.
///
/// Unchecked, because only the reactor's thread accesses anything but the thread and the port.
final class StreamBench: @unchecked Sendable {
  let thread: ReactorThread
  private(set) var server: HTTPServer!
  private(set) var client: HTTPClient!
  /// For invalid responses.
  private(set) var raw: RawServer!
  private(set) var port = 0
  private(set) var rawPort = 0
  /// The writer of the latest streamed response, and the outcomes of writers.
  fileprivate(set) weak var writer: HTTPServer.BodyWriter?
  fileprivate(set) var disconnects = 0
  /// The client port of each request.
  fileprivate(set) var peers: [Int] = []

  var url: String { "http://127.0.0.1:\(port)" }
  var remote: RemoteReactor { thread.remote }

  /// A bench whose server answers `/stream?<bytes>` with that many bytes of `Content`, anything else with `ok`.
  convenience init(_ configuration: HTTPClient.Configuration = .patient) async throws {
    try await self.init(configuration) { bench in
      HTTPServer(configuration: .patient) { [unowned bench] in bench.answer($0) }
    }
  }

  init(
    _ configuration: HTTPClient.Configuration = .patient,
    _ makeServer: @escaping @Sendable (StreamBench) -> HTTPServer
  ) async throws {
    thread = ReactorThread()
    let configuration = configuration.inCurrentVersion
    (port, rawPort) = try await thread.call { [self, version = WireVersion.current] reactor in
      server = makeServer(self)
      client = HTTPClient(configuration, on: reactor)
      raw = try WireVersion.$current.withValue(version) { try RawServer(on: reactor) { _ in } }
      raw.countsSockets = false
      return (Int(try server.listen(0, on: reactor).localAddress.port), raw.port)
    }
  }

  private func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
    peers.append(Int(request.peerAddress?.port ?? 0))
    guard request.path == "/stream", let length = request.query.flatMap({ Int($0) }) else { return .text("ok") }
    return .stream(length: request["x-chunked"] == nil ? length : nil) { [unowned self] writer in
      self.writer = writer
      writer.onDisconnect = { self.disconnects += 1 }
      Self.pump(writer, length)
    }
  }

  /// Writes `Content` as fast as it is taken. The callback that waits for the drain retains the writer.
  private static func pump(_ writer: HTTPServer.BodyWriter, _ length: Int) {
    while writer.bytesWritten < length {
      let bytes = Content.bytes(min(16 * 1024, length - writer.bytesWritten), from: writer.bytesWritten)
      guard writer.write(bytes) else { break }
    }
    guard writer.isOpen else { return }
    if writer.bytesWritten == length { return writer.end() }
    writer.drained().addCallbacks({ pump(writer, length) }, { _ in })
  }

  // MARK: - Uploading

  /// The body of the latest request of a streaming server.
  var upload: ReactorStream<[UInt8]>?
  /// The outcomes of handlers, in the order they ended: `whole`, or the error of the loop.
  var outcomes: [String] = []
  /// The number of pieces that handlers have taken.
  var seen = 0
  /// Handlers whose task has not ended.
  var running = 0

  /// A bench with a streaming server, whose handler is a task of `place`. It answers with the value of `handle`.
  convenience init(
    _ place: Place, configuration: HTTPServer.Configuration,
    _ handle: @escaping @Sendable (StreamBench, HTTPServer.StreamedRequest) async throws -> String
  ) async throws {
    try await self.init { bench in
      HTTPServer.streaming(configuration: configuration) { [unowned bench] request in
        bench.running += 1
        bench.peers.append(Int(request.peerAddress?.port ?? 0))
        return task(place, by: bench.remote) {
          do {
            let text = try await handle(bench, request)
            bench.remote.callFromThread { bench.ended("whole") }
            return text
          } catch {
            bench.remote.callFromThread { bench.ended("\(error)") }
            throw error
          }
        }
        .addCallback { HTTPServer.Response.text($0) }
      }
    }
  }

  private func ended(_ outcome: String) {
    running -= 1
    outcomes.append(outcome)
  }

  /// Connects to the server and sends `head` and then content.
  func send(
    _ head: String, count: Int = 0, isChunked: Bool = false
  ) async throws -> Uploader {
    try await thread.value { [self] reactor in
      let uploader = Uploader(head, count, isChunked)
      return reactor.connectTCP("127.0.0.1", port) { uploader }
    }
  }

  // MARK: - Requests

  /// Requests a streamed response, from any thread.
  func stream(_ target: String, headers: HTTPFields = [:], timeout: Duration? = nil) async throws
    -> HTTPClient.StreamedResponse
  {
    let request = HTTPClient.Request(
      target.hasPrefix("/") ? url + target : target, headers: headers, timeout: timeout)
    return try await thread.value { [self] _ in client.stream(request) }
  }

  /// Requests a whole response, from any thread.
  func fetch(_ target: String) async throws -> HTTPClient.Response {
    let request = HTTPClient.Request(url + target)
    return try await thread.value { [self] _ in client.fetch(request) }
  }

  /// The number of the client's connections, and of the idle ones.
  func connections() async throws -> [Int] {
    try await thread.call { [self] _ in [client.connections, client.counts.idle] }
  }

  /// Closes the client and the server; then all descriptors and pool places must be free.
  func end(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await thread.call { [self] _ in client.close() }
    try await thread.wait(sourceLocation: sourceLocation) { [self] _ in
      client.connections == 0 && server.connectionCount == 0 && raw.isIdle
    }
    #expect(OwnSockets(of: rawPort).count == 1, "besides the listener", sourceLocation: sourceLocation)
    #expect(OwnSockets(of: port).count == 1, "besides the listener", sourceLocation: sourceLocation)
    try await thread.value { [self] _ in server.stop() }
    try await thread.call { [self] _ in
      raw.listener.stop()
      raw = nil
      server = nil
      client = nil
    }
    thread.stop()
  }
}

extension HTTPClient.StreamedResponse {
  /// Reads the body to its end.
  func check() async throws -> Check {
    var check = Check()
    for try await bytes in body { check.take(bytes) }
    return check
  }
}

/// The error that `body` throws.
func error(of body: () async throws -> Void) async -> (any Error)? {
  do {
    try await body()
    return nil
  } catch { return error }
}

/// A client that sends a body as fast as the server takes it, and keeps the response.
///
/// Unchecked, because only the reactor's thread accesses it.
final class Uploader: StreamProtocol, @unchecked Sendable {
  private let head: String
  private let count: Int
  private let isChunked: Bool
  private(set) var transport: (any Transport)?
  /// The number of content bytes written.
  private(set) var sent = 0
  private(set) var isWaiting = false
  private(set) var isOver = false
  private var received: [UInt8] = []

  init(_ head: String, _ count: Int, _ isChunked: Bool) {
    self.head = head
    self.count = count
    self.isChunked = isChunked
  }

  /// The server's output.
  var text: String { String(decoding: received, as: UTF8.self) }
  var receivedCount: Int { received.count }
  func ends(with text: String) -> Bool { received.suffix(text.utf8.count).elementsEqual(text.utf8) }
  /// The bytes behind the head.
  var body: [UInt8] { received.firstRange(of: Array("\r\n\r\n".utf8)).map { Array(received[$0.upperBound...]) } ?? [] }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(head)
    pump()
  }

  private func pump() {
    guard let transport, sent < count else { return }
    while sent < count, !isWaiting, !isOver {
      let bytes = Content.bytes(min(16 * 1024, count - sent), from: sent)
      sent += bytes.count
      if isChunked { transport.write(String(bytes.count, radix: 16) + "\r\n") }
      transport.write(bytes)
      if isChunked { transport.write("\r\n") }
    }
    if sent == count, isChunked { transport.write("0\r\n\r\n") }
  }

  func dataReceived(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { received += $0 } }
  func pauseWriting() { isWaiting = true }
  func resumeWriting() {
    isWaiting = false
    pump()
  }
  func connectionLost(_ end: ConnectionEnd) {
    isOver = true
    transport = nil
  }
}

// A test's task may wait for minutes behind others for one of Swift's threads, while the reactor's time passes. So no
// limit in time that a test does not set itself may be reached.

extension HTTPServer.Configuration {
  static var patient: Self {
    var patient = Self()
    for limit in [\Self.headTimeout, \.bodyTimeout, \.idleTimeout, \.writeTimeout] {
      patient[keyPath: limit] = .seconds(3600)
    }
    return patient
  }
}

extension HTTPClient.Configuration {
  static var patient: Self {
    var patient = Self()
    patient.connectTimeout = .seconds(3600)
    patient.idleTimeout = .seconds(3600)
    return patient
  }
}
