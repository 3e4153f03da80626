import SwirlDeferred
import SwirlReactor

/// Links a ``Connection`` with its transport: holds waiting writers on any thread, and forwards calls to the reactor's
/// thread.
///
/// Unchecked, because its state is only accessed under the lock or on the reactor's thread.
final class ConnectionLink: @unchecked Sendable {
  let inbound: StreamBuffer<[UInt8]>
  private let remote: RemoteReactor
  private let waterMarks: WaterMarks
  private let peer: String

  // Accessed on the reactor's thread only:
  /// Nil after the end.
  private var transport: (any Transport)?
  private var isEndReceived = false
  private var isLetGo = false

  // Accessed under the lock:
  private let lock = Lock()
  private var isPaused = false
  /// The number of calls in flight to the reactor's thread, and of their bytes.
  private var callsUnderWay = 0
  private var bytesUnderWay = 0
  /// Why no write is possible any more.
  private var refusal: NetError?
  private var end: ConnectionEnd?
  private var writers: [Waiter] = []
  /// The waiters for the end.
  private var mourners: [Waiter] = []

  /// How long a released connection waits for the peer to take the written bytes.
  private static let lingerLimit = Duration.seconds(30)

  init(_ transport: any Transport, inboundMarks: WaterMarks) {
    remote = transport.reactor.remote
    self.transport = transport
    waterMarks = transport.waterMarks
    peer = transport.peerAddress?.description ?? "the peer"
    // For a short piece the array's overhead exceeds its bytes.
    inbound = StreamBuffer(on: remote, high: inboundMarks.high, low: inboundMarks.low) { max($0.count, 64) }
    inbound.setSource(
      .init(
        pause: { transport.pauseReading() }, resume: { transport.resumeReading() },
        stop: { self.closeSoon(NetError(.write, self.peer, reason: Self.leftReason)) }))
  }

  private static let leftReason = "the connection was closed here: its loop over inbound was left before the end"

  // MARK: - On any thread

  private enum Admission {
    case atOnce
    case afterOthers
    case later(Waiter)
    case refused(NetError)
  }

  /// Waits until the buffer has room, and then passes on the bytes.
  func write(_ bytes: [UInt8]) async throws {
    while true {
      switch admit(bytes.count) {
      case .atOnce:
        transport?.write(bytes)
        return
      case .afterOthers: return send(bytes.count) { $0.write(bytes) }
      case .refused(let error): throw error
      case .later(let writer):
        defer { lock.withLock { writers.removeAll { $0 === writer } } }
        try await writer.wait()
      }
    }
  }

  private func admit(_ count: Int) -> Admission {
    let isCurrent = remote.isCurrent
    return lock.withLock {
      if let refusal { return .refused(refusal) }
      if isPaused || bytesUnderWay > waterMarks.high {
        let writer = Waiter()
        writers.append(writer)
        return .later(writer)
      }
      if isCurrent, callsUnderWay == 0 { return .atOnce }
      callsUnderWay += 1
      bytesUnderWay += count
      return .afterOthers
    }
  }

  /// Calls `body` on the reactor's thread after the calls in flight: at once if no call is in flight and this is the
  /// reactor's thread.
  func perform(_ body: @escaping @Sendable (any Transport) -> Void) {
    let isCurrent = remote.isCurrent
    let isFirst = lock.withLock {
      if isCurrent, callsUnderWay == 0 { return true }
      callsUnderWay += 1
      return false
    }
    if isFirst { transport.map(body) } else { send(0, body) }
  }

  /// Awaits what `body` does with the transport, behind the calls in flight.
  func withTransport<Value: Sendable>(
    _ body: @escaping @Sendable (any Transport) -> Deferred<Value>
  ) async throws -> Value {
    try await remote.run { [self] _ in
      guard let transport else {
        return .fail(lock.withLock { refusal } ?? NetError(.write, peer, reason: "the connection has ended"))
      }
      return body(transport)
    }
  }

  /// Sends a call that is already counted in `callsUnderWay`.
  private func send(_ count: Int, _ body: @escaping @Sendable (any Transport) -> Void) {
    remote.callFromThread { [self] in
      transport.map(body)
      let woken = lock.withLock { () -> [Waiter] in
        callsUnderWay -= 1
        bytesUnderWay -= count
        return takeWriters()
      }
      for writer in woken { writer.goOn(.success(())) }
    }
  }

  /// The writers that may resume. Call it under the lock.
  private func takeWriters() -> [Waiter] {
    guard !isPaused, bytesUnderWay <= waterMarks.low else { return [] }
    defer { writers = [] }
    return writers
  }

  /// Makes waiting and later writers fail with `reason`.
  func refuseWriting(_ reason: String) { refuseWriting(NetError(.write, peer, reason: reason)) }

  private func refuseWriting(_ error: NetError) {
    let refused = lock.withLock { () -> [Waiter] in
      if refusal == nil { refusal = error }
      defer { writers = [] }
      return writers
    }
    for writer in refused { writer.goOn(.failure(error)) }
  }

  /// Waits for the end, and returns it.
  func ended() async throws -> ConnectionEnd {
    while true {
      let mourner = Waiter()
      let told = lock.withLock { () -> ConnectionEnd? in
        if end == nil { mourners.append(mourner) }
        return end
      }
      if let told { return told }
      defer { lock.withLock { mourners.removeAll { $0 === mourner } } }
      try await mourner.wait()
    }
  }

  /// The connection was released: no more writes, but a loop may still read.
  func letGo() {
    perform { [self] _ in
      isLetGo = true
      if isEndReceived { closeSoon(NetError(.write, peer, reason: "the connection was released")) }
    }
  }

  // MARK: - On the reactor's thread

  private func closeSoon(_ refusal: NetError) {
    refuseWriting(refusal)
    perform { $0.close(within: Self.lingerLimit) }
  }

  func received(_ bytes: [UInt8]) { inbound.put(bytes) }

  func receivedEnd() {
    isEndReceived = true
    inbound.finish(stopsWhenLeft: true)
    if isLetGo { closeSoon(NetError(.write, peer, reason: "the connection was released")) }
  }

  func pauseWriting() { lock.withLock { isPaused = true } }

  func resumeWriting() {
    let woken = lock.withLock { () -> [Waiter] in
      isPaused = false
      return takeWriters()
    }
    for writer in woken { writer.goOn(.success(())) }
  }

  /// Only the first call counts.
  func connectionLost(_ end: ConnectionEnd) {
    let (isFirst, mourners) = lock.withLock { () -> (Bool, [Waiter]) in
      guard self.end == nil else { return (false, []) }
      self.end = end
      defer { self.mourners = [] }
      return (true, self.mourners)
    }
    guard isFirst else { return }
    transport = nil
    refuseWriting(end.error ?? NetError(.write, peer, reason: "the connection was \(end)"))
    for mourner in mourners { mourner.goOn(.success(())) }
    let isAborted = end.code == .aborted
    inbound.finish(throwing: isAborted ? NetError(.read, peer, reason: "the connection was \(end)") : end.error)
  }

  /// The reactor was released, and with it the connection.
  func reactorLost() {
    connectionLost(ConnectionEnd(.failed, error: NetError(.read, peer, reason: "its reactor was released")))
  }
}
