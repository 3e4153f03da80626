import Swirl

/// A client in memory. Releasing it ends the connection, because an open connection retains its server.
@dynamicMemberLookup
final class ServerMemoryTransport {
  private let pipe: ServerMemoryPipe

  init(_ server: HTTPServer, on reactor: Reactor, high: Int = 1000) {
    pipe = ServerMemoryPipe(server, on: reactor)
    pipe.waterMarks = WaterMarks(high: high, low: 100)
  }

  deinit { pipe.lose() }

  subscript<Value>(dynamicMember member: KeyPath<ServerMemoryPipe, Value>) -> Value { pipe[keyPath: member] }

  var capacity: Int {
    get { pipe.capacity }
    set { pipe.capacity = newValue }
  }
  func send(_ text: String) { pipe.send(text) }
  func sendEnd() { pipe.sendEnd() }
  func lose() { pipe.lose() }
  func drain(_ count: Int = .max) { pipe.drain(count) }
  func take() -> String { pipe.take() }
}

/// A connection in memory: it keeps the server's output, up to a capacity that stands for the kernel's buffer.
final class ServerMemoryPipe: Transport {
  let reactor: Reactor
  var localAddress: SocketAddress? { nil }
  let peerAddress = SocketAddress(ip: "192.0.2.1", port: 4711)
  var streamProtocol: (any StreamProtocol)?
  var waterMarks = WaterMarks(high: 1000, low: 100)

  /// The bytes that the client has received, and the number of writes.
  private(set) var received: [UInt8] = []
  private(set) var writes = 0
  private(set) var bufferedBytes = 0
  private(set) var mostBuffered = 0
  /// The number of bytes that the client takes at once; the rest waits for `drain`.
  var capacity = Int.max
  private(set) var isReadingPaused = false
  private(set) var isWriteClosed = false
  private(set) var isClosed = false
  private(set) var isAborted = false
  private var isWritingPaused = false
  private var undelivered: [UInt8] = []

  init(_ server: HTTPServer, on reactor: Reactor) {
    self.reactor = reactor
    let made = server.makeProtocol()
    streamProtocol = made
    made.connectionMade(self)
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  /// The bytes received since the last call.
  func take() -> String {
    defer { received = [] }
    return text
  }

  /// The client sends: unread bytes are buffered.
  func send(_ text: String) {
    undelivered += Array(text.utf8)
    deliver()
  }

  private func deliver() {
    while !isReadingPaused, !isClosed, !undelivered.isEmpty, let streamProtocol {
      let bytes = Array(undelivered.prefix(64 * 1024))
      undelivered.removeFirst(bytes.count)
      streamProtocol.dataReceived(bytes.span)
    }
  }

  /// The client closes its sending side.
  func sendEnd() {
    if streamProtocol?.endReceived() == false { close() }
  }

  /// The connection ends.
  func lose(_ code: ConnectionEnd.Code = .failed) {
    let told = streamProtocol
    streamProtocol = nil
    told?.connectionLost(ConnectionEnd(code))
  }

  /// The client takes `count` of the buffered bytes.
  func drain(_ count: Int = .max) {
    let hasWaited = bufferedBytes > 0
    bufferedBytes -= min(count, bufferedBytes)
    if hasWaited, bufferedBytes == 0 { streamProtocol?.writeBufferEmptied() }
    if isWritingPaused, bufferedBytes <= waterMarks.low {
      isWritingPaused = false
      streamProtocol?.resumeWriting()
    }
  }

  func write(_ bytes: Span<UInt8>) {
    guard !isClosed, !isWriteClosed, !bytes.isEmpty else { return }
    writes += 1
    bytes.withUnsafeBufferPointer { received.append(contentsOf: $0) }
    bufferedBytes += max(0, bytes.count - (bufferedBytes == 0 ? capacity : 0))
    mostBuffered = max(mostBuffered, bufferedBytes)
    if !isWritingPaused, bufferedBytes > waterMarks.high {
      isWritingPaused = true
      streamProtocol?.pauseWriting()
    }
  }

  func write(_ bytes: [UInt8]) { write(bytes.span) }
  func pauseReading() { isReadingPaused = true }
  func resumeReading() {
    guard isReadingPaused else { return }
    isReadingPaused = false
    deliver()
  }
  func closeWrite() { isWriteClosed = true }
  func close() { isClosed = true }
  func abort() {
    isClosed = true
    isAborted = true
  }
}

/// The response to `request`, without its Date, which varies.
func answer(_ server: HTTPServer, _ request: String) -> String {
  let transport = ServerMemoryTransport(server, on: Reactor())
  transport.send(request)
  return transport.take().withoutDate
}

extension String {
  /// The lines with LF for CRLF, without Date.
  var withoutDate: String {
    split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }.joined(
      separator: "\n")
  }

  /// How often it contains `part`.
  func components(of part: String) -> Int { split(separator: part, omittingEmptySubsequences: false).count - 1 }

  var statuses: [Int] {
    split(separator: "HTTP/1.1 ").compactMap { Int($0.prefix(3)) }
  }
}

func get(_ path: String = "/", _ fields: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
}
