import Foundation
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting

/// A server that sends the test's bytes, valid or not, and counts requests and connections.
final class RawServer {
  /// Handles a request; by default it gets no response.
  var answer: (RawRequest) -> Void
  /// Handles a new connection before the first read.
  var onConnect: (RawConnection) -> Void = { _ in }
  private(set) var listener: Listener!
  fileprivate(set) var requests: [RawRequest] = []
  /// Connections accepted so far.
  fileprivate(set) var accepted = 0
  fileprivate var open: [Int: RawConnection] = [:]
  /// The open HTTP/2 connections, whose streams are in `open`.
  private var carriers: [Int: any StreamProtocol] = [:]
  /// The open connections, in the order they were accepted; in HTTP/2 the open streams.
  var connections: [RawConnection] { open.values.sorted { $0.number < $1.number } }
  var isIdle: Bool { open.isEmpty && carriers.isEmpty }
  /// The maximum number of simultaneous client connections. Counted at each accept by the clients' sockets, because the
  /// server may see a close later than the client.
  fileprivate(set) var mostOpen = 0
  /// Whether to count `mostOpen`, which scans all descriptors for each connection.
  var countsSockets = true
  /// The network in memory that it is on, if it is on one.
  var network: MemoryNetwork?
  /// Whether `reset()` in HTTP/2 resets the stream, and not the connection.
  var resetsStreams = false
  /// Whether to keep the requests for inspection.
  var keepsRequests = true

  private let isSecure: Bool

  init(on reactor: Reactor, tls: TLSConfiguration? = nil, _ answer: @escaping (RawRequest) -> Void) throws {
    self.answer = answer
    isSecure = tls != nil
    // Unowned: the test retains the server while its reactor runs.
    var tls = tls
    if WireVersion.current == .http2 { tls?.applicationProtocols = ["h2"] }
    listener = try reactor.listenTCP(0, tls: tls) { [unowned self, version = WireVersion.current] _ in
      #if HTTP2
      if version == .http2 { return RawStreams(of: self) }
      #endif
      return RawConnection(of: self)
    }
  }

  func accept() -> Int {
    accepted += 1
    return accepted
  }

  func opened(_ carrier: any StreamProtocol, number: Int) {
    carriers[number] = carrier
    if countsSockets { mostOpen = max(mostOpen, sockets.connected) }
  }

  func lost(_ carrier: Int) { carriers[carrier] = nil }

  /// The number of streams so far.
  fileprivate var streams = 0

  var port: Int { Int(listener.localAddress.port) }
  var url: String { "\(isSecure ? "https" : "http")://127.0.0.1:\(port)" }
  /// The open sockets that are connected to its port, and those at it.
  var sockets: (connected: Int, atPort: Int) {
    if let network { return network.openSockets(of: port) }
    let own = OwnSockets(of: port)
    return (own.connected, own.atPort)
  }
  /// The targets of the requests, in order.
  var targets: [String] { requests.map(\.target) }
}

/// A received request.
struct RawRequest {
  /// The start line and the fields, with the empty line.
  let head: String
  /// The head as bytes.
  var headBytes: [UInt8] = []
  let body: [UInt8]
  /// Its number on its connection, from one.
  let number: Int
  let connection: RawConnection

  var method: String { String(head.prefix { $0 != " " }) }
  var target: String { String(head.split(separator: " ", maxSplits: 2)[1]) }
  var lines: [String] { head.split(separator: "\r\n").map(String.init) }

  /// The values of a field, by its name in lower case.
  func values(_ name: String) -> [String] {
    lines.dropFirst().compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == name else { return nil }
      return parts[1].trimmingCharacters(in: .whitespaces)
    }
  }

  /// Answers 200 with `text`.
  func answer(_ text: String, status: String = "200 OK", fields: String = "") {
    let head = "HTTP/1.1 \(status)\r\nContent-Length: \(text.utf8.count)\r\n\(fields)\r\n"
    connection.send(method == "HEAD" ? head : head + text)
  }
}

/// The server's end of a connection.
final class RawConnection: StreamProtocol {
  unowned let server: RawServer
  /// Its number, from one.
  let number: Int
  /// Handles the head of a request before its content arrives.
  var onHead: (String) -> Void = { _ in }
  private(set) var transport: (any Transport)!
  private(set) var isOpen = true
  private(set) var end: ConnectionEnd?
  private(set) var received = 0
  private var input: [UInt8] = []
  private var requestCount = 0
  /// The head of a request with an incomplete body.
  private var pending: (head: String, bytes: [UInt8], bodyLength: Int)?

  init(of server: RawServer) {
    self.server = server
    number = server.accept()
  }

  /// A stream that looks like a connection.
  init(of server: RawServer, on stream: any Transport, request: Int) {
    requestCount = request - 1
    self.server = server
    server.streams += 1
    number = server.streams
    isStream = true
  }

  private var isStream = false

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    server.open[number] = self
    if server.countsSockets, !isStream { server.mostOpen = max(server.mostOpen, server.sockets.connected) }
    server.onConnect(self)
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    received += bytes.count
    bytes.withUnsafeBufferPointer { input.append(contentsOf: $0) }
    while isOpen, readRequest() {}
  }

  private func readRequest() -> Bool {
    if pending == nil {
      guard let end = input.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else { return false }
      let bytes = Array(input[..<end])
      let head = String(decoding: bytes, as: UTF8.self)
      input.removeFirst(end)
      let length = RawRequest(head: head, body: [], number: 0, connection: self).values("content-length").first
      pending = (head, bytes, length.flatMap { Int($0) } ?? 0)
      onHead(head)
    }
    guard let pending, input.count >= pending.bodyLength else { return false }
    self.pending = nil
    let body = Array(input.prefix(pending.bodyLength))
    input.removeFirst(pending.bodyLength)
    requestCount += 1
    let request = RawRequest(
      head: pending.head, headBytes: pending.bytes, body: body, number: requestCount, connection: self)
    if server.keepsRequests { server.requests.append(request) }
    server.answer(request)
    return true
  }

  // MARK: - A stream

  func take(head bytes: [UInt8]) {
    let head = String(decoding: bytes, as: UTF8.self)
    pending = (head, bytes, 0)
    received += bytes.count
    onHead(head)
  }

  func take(content: [UInt8]) {
    received += content.count
    input += content
  }

  func takeEnd() {
    guard isOpen, let pending = pending.take() else { return }
    requestCount += 1
    let request = RawRequest(
      head: pending.head, headBytes: pending.bytes, body: input, number: requestCount, connection: self)
    if server.keepsRequests { server.requests.append(request) }
    server.answer(request)
  }

  func connectionLost(_ end: ConnectionEnd) {
    self.end = end
    isOpen = false
    server.open[number] = nil
  }

  // MARK: - Actions

  func send(_ text: String) { transport.write(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) { transport.write(bytes) }

  /// Sends `pieces`, each after the peer has had a turn to read the previous one.
  func send(pieces: some Collection<[UInt8]>, then done: @escaping (RawConnection) -> Void = { _ in }) {
    send(Array(pieces)[...], then: done)
  }

  private func send(_ pieces: ArraySlice<[UInt8]>, then done: @escaping (RawConnection) -> Void) {
    guard isOpen, let piece = pieces.first else { return done(self) }
    transport.write(piece)
    let next = { [self] in send(pieces.dropFirst(), then: done) }
    // Virtual time passes only for timers.
    if server.network != nil {
      transport.reactor.callLater(.microseconds(100), next)
    } else {
      transport.reactor.callSoon { [self] in transport.reactor.callSoon(next) }
    }
  }

  /// Sends `text` one byte at a time.
  func drip(_ text: String, then done: @escaping (RawConnection) -> Void = { _ in }) {
    send(pieces: text.utf8.map { [$0] }, then: done)
  }

  /// Closes the connection once all is sent.
  func close() { transport.close() }

  /// Sends `text`, and closes.
  func close(after text: String) {
    send(text)
    close()
  }

  func reset() { transport.abort() }
}
