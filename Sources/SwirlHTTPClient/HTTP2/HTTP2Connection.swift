import HTTPTypes
import SwirlDeferred
import SwirlHTTP2
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One HTTP/2 connection to a server: it carries many requests at a time, each on a stream of its own.
///
/// It is the shell of an ``HTTP2Session``: it moves bytes, and passes each event to its stream.
final class HTTP2Connection: StreamProtocol, PooledConnection {
  private let pool: ConnectionPool
  unowned let reactor: Reactor
  private let transport: any ConnectedTransport
  let session: HTTP2Session
  private var streams: [Int32: HTTP2Stream] = [:]
  /// When it last became idle, for the pool.
  var idleSince: Int64 = 0
  /// Whether it is being closed to make room for one to another origin.
  var isMakingRoom = false
  /// When it is too old for further requests.
  private let end: Int64
  /// How it was made; its first response carries it.
  private(set) var birth: ConnectionBirth?
  /// The server takes no further requests on it.
  private(set) var isDraining = false
  /// Why the server ended it, if it said so.
  private var goAway: String?
  /// A turn of the reactor will send what the session has.
  private var isFlushScheduled = false
  private var isReading = false
  private var isWritingPaused = false
  private var hasEnded = false

  init(
    in pool: ConnectionPool, over transport: any ConnectedTransport, times: ConnectTimes?, on reactor: Reactor
  ) throws(HTTP2Error) {
    self.pool = pool
    self.transport = transport
    self.reactor = reactor
    birth = times.map { ConnectionBirth($0) }
    end = pool.endOfNewConnection
    var settings = HTTP2Settings()
    settings.fieldBytes = pool.limits.headBytes
    session = try HTTP2Session(.client, settings)
  }

  // Only reached with the reactor's release: otherwise it has ended before.
  deinit { for stream in streams.values { stream.abandon() } }

  var limits: HTTPLimits { pool.limits }
  var scheme: String { pool.origin.isSecure ? "https" : "http" }

  /// Whether a new connection should replace it.
  var hasLivedLongEnough: Bool { end != .max && reactor.turnTime >= end }

  /// Whether no request is on it.
  var isIdle: Bool { streams.isEmpty }

  /// How many more requests it takes.
  var capacity: Int {
    if isDraining || hasEnded || transport.isBroken || !session.takesRequests || hasLivedLongEnough { return 0 }
    return max(0, session.remoteStreamLimit - streams.count)
  }

  // MARK: - Sending

  func connectionMade(_ transport: any Transport) { flush() }

  /// Sends the request of `exchange`; false if the request itself cannot be sent.
  func send(_ exchange: HTTPClient.Exchange) -> Bool {
    guard let client = exchange.client else { return false }
    do {
      var id: Int32 = 0
      try client.serialize(exchange, in: pool) { head in
        id = (try? session.request(head, scheme: scheme, hasContent: exchange.request.body != nil)) ?? 0
      }
      guard id > 0 else {
        exchange.failSoon(exchange.error(.invalidRequest, "libnghttp2 refuses the request"))
        return false
      }
      let stream = HTTP2Stream(id, exchange, on: self)
      streams[id] = stream
      stream.start()
    } catch {
      exchange.failSoon(exchange.error(.invalidRequest, error.message, wire: error))
      return false
    }
    flushSoon()
    return true
  }

  /// Sends at the end of this turn: what many callbacks of one turn ask for goes out together.
  func flushSoon() {
    if isReading || isFlushScheduled { return }
    isFlushScheduled = true
    reactor.callSoon { [weak self] in self?.flush() }
  }

  private func flush() {
    isFlushScheduled = false
    while !isWritingPaused, !hasEnded, let bytes = session.takeOutput() { transport.write(bytes) }
    for id in session.takeDrained() { streams[id]?.resumeWriting() }
    if session.isOver, !transport.isClosing { transport.close() }
  }

  func pauseWriting() { isWritingPaused = true }

  func resumeWriting() {
    isWritingPaused = false
    flush()
  }

  // MARK: - Receiving

  func dataReceived(_ bytes: Span<UInt8>) {
    isReading = true
    do throws(HTTP2Error) {
      try bytes.withUnsafeBufferPointer { (buffer) throws(HTTP2Error) in
        // Safe: the events are handled before `receive` returns, and none keeps the bytes.
        let bytes = Span(_unsafeElements: buffer)
        try session.receive(bytes) { take($0, Span(_unsafeElements: buffer)) }
      }
    } catch {
      goAway = goAway ?? error.description
      session.terminate(.protocolError)
    }
    for stream in streams.values where stream.hasPiece { stream.handOn() }
    isReading = false
    flush()
    if !hasEnded { pool.serve(self) }
  }

  private func take(_ event: HTTP2Event, _ bytes: Span<UInt8>) {
    switch event {
    case .head(let id, let section, let endsStream): streams[id]?.begin(section, endsStream: endsStream)
    case .informational(let id, let section): streams[id]?.take(informational: section)
    case .data(let id, let range):
      session.consumeConnection(range.count)
      streams[id]?.take(bytes.extracting(range))
    case .trailers(let id, let section): streams[id]?.take(trailers: section)
    case .end(let id): streams[id]?.end()
    case .closed(let id, let code): streams[id]?.closed(code)
    case .streamError(let error): streams[error.stream]?.fail(.invalidResponse, error.description)
    case .fieldsTooLong(let id): streams[id]?.fail(
      .invalidResponse, "the fields of the response are longer than \(limits.headBytes) bytes (RFC 9113 §6.5.2)")
    case .goAway(_, let code, let debug):
      isDraining = true
      goAway = "the server ended the connection with \(code)" + (debug.isEmpty ? "" : ": \(debug)")
      pool.noteDraining(self)
      closeIfUnused()
    case .settings, .pong, .sent: break
    }
  }

  // MARK: - Streams

  /// The birth of the connection, for its first response.
  func takeBirth() -> ConnectionBirth? { birth.take() }

  /// A request has left its stream.
  func remove(_ stream: HTTP2Stream) {
    streams[stream.id] = nil
    if streams.isEmpty {
      idleSince = reactor.turnTime
      closeIfUnused()
      if !isDraining, !hasEnded { pool.noteIdle(self) }
    }
    if !isReading { flushSoon() }
  }

  /// A place is free: the next queued requests get it.
  func noteFreed() {
    if !isReading, !hasEnded { pool.serve(self) }
  }

  /// Repeats a request of which the server has done nothing, or that may be repeated.
  func sendAgain(_ exchange: HTTPClient.Exchange) { pool.retry(exchange) }

  /// Repeats a request by HTTP/1.1, as the server asks.
  func sendAgainByHTTP1(_ exchange: HTTPClient.Exchange) {
    pool.useHTTP1()
    isDraining = true
    pool.noteDraining(self)
    pool.retry(exchange)
  }

  var repeatsRequests: Bool { pool.repeatsRequests }

  private func closeIfUnused() {
    if isDraining || hasLivedLongEnough, streams.isEmpty { close() }
  }

  /// Ends the connection, on which no request is.
  func close() {
    isDraining = true
    pool.noteDraining(self)
    session.terminate()
    flush()
    if transport.bufferedBytes > 0 { transport.abort() } else { transport.close() }
  }

  func endReceived() -> Bool { false }

  func connectionLost(_ end: ConnectionEnd) {
    hasEnded = true
    let reason = goAway ?? end.error?.reason ?? session.failure?.description ?? "the connection was closed"
    // In the order in which they were sent, so that those that are repeated keep it.
    for stream in streams.values.sorted(by: { $0.id < $1.id }) { stream.connectionLost(reason, end.error) }
    pool.lost(self)
  }
}
