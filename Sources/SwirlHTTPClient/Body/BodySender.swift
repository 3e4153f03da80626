import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// Where streamed content goes: a connection, or a stream of one.
protocol BodyOutput: AnyObject {
  var reactor: Reactor { get }

  /// Sends `bytes` after all earlier ones.
  func write(_ bytes: [UInt8])
}

/// Sends streamed content: requests the next piece when the connection has room.
final class BodySender {
  enum Outcome {
    /// All of it; in chunks with its trailers.
    case sent(trailers: HTTPFields?)
    /// The source failed, or its length differs from the announced one.
    case failed(any Error)
  }
  /// The maximum number of bytes per turn, so that a fast source does not starve other callbacks.
  private static let bytesPerTurn = 1 << 20

  private let output: any BodyOutput
  private let source: any BodySource
  /// The rest of the announced length; nil without one.
  private var remaining: Int?
  /// Whether content without a length is sent in chunks: HTTP/2 has frames.
  private let isChunked: Bool
  private let trailers: (() -> HTTPFields)?
  private var ended: ((Outcome) -> Void)?
  /// The pending piece.
  private var pending: Deferred<[UInt8]?>?
  private var isStarted = false
  /// The transport has paused the connection, and will resume it.
  private var isPaused = false
  /// This turn's share is sent; the next turn sends more.
  private var isTurnOver = false
  private var isRunning = false
  private var sentInTurn = 0

  /// Sends on a connection: in chunks, if the length is not known. Calls `ended` once, unless it is cancelled first.
  convenience init(
    _ source: any BodySource, length: Int?, trailers: (() -> HTTPFields)? = nil, on transport: any Transport,
    _ ended: @escaping (Outcome) -> Void
  ) {
    self.init(
      source, length: length, trailers: trailers, isChunked: length == nil, to: ConnectionOutput(transport), ended)
  }

  init(
    _ source: any BodySource, length: Int?, trailers: (() -> HTTPFields)? = nil, isChunked: Bool,
    to output: any BodyOutput, _ ended: @escaping (Outcome) -> Void
  ) {
    self.source = source
    self.trailers = trailers
    remaining = length
    self.isChunked = isChunked
    self.output = output
    self.ended = ended
  }

  /// - Parameter isPaused: whether the transport has paused the connection already.
  func start(isPaused: Bool) {
    self.isPaused = isPaused
    isStarted = true
    run()
  }

  /// Separate from `isTurnOver`, because the transport calls `resume` only after a `pause`.
  func pause() { isPaused = true }

  func resume() {
    isPaused = false
    run()
  }

  /// Stops reading the source.
  func cancel() {
    ended = nil
    pending.take()?.cancel()
  }

  private func run() {
    // Re-entrant call: the loop below us on the stack continues if a piece is available at once.
    if isRunning || !isStarted { return }
    isRunning = true
    defer { isRunning = false }
    while ended != nil, pending == nil, !isPaused, !isTurnOver {
      if sentInTurn >= Self.bytesPerTurn { return goOnInNextTurn() }
      let next = source.next()
      pending = next
      next.addBoth { [self] result in
        pending = nil
        take(result)
        run()
      }
    }
  }

  private func goOnInNextTurn() {
    isTurnOver = true
    output.reactor.callSoon { [weak self] in
      guard let self else { return }
      sentInTurn = 0
      isTurnOver = false
      run()
    }
  }

  private func take(_ result: Result<[UInt8]?, any Error>) {
    guard ended != nil else { return }
    switch result {
    case .success(let piece?): send(piece)
    case .success(nil): end()
    case .failure(let error): finish(.failed(error))
    }
  }

  private func send(_ piece: [UInt8]) {
    if piece.isEmpty { return }
    sentInTurn += piece.count
    if let remaining {
      guard piece.count <= remaining else {
        return finish(.failed(BodyLengthError(missing: remaining - piece.count)))
      }
      self.remaining = remaining - piece.count
    }
    if !isChunked {
      output.write(piece)
    } else {
      var chunk: [UInt8] = []
      chunk.reserveCapacity(piece.count + 16)
      ChunkSerializer.appendChunk(piece.span, to: &chunk)
      output.write(chunk)
    }
  }

  private func end() {
    if let remaining, remaining > 0 { return finish(.failed(BodyLengthError(missing: remaining))) }
    let fields = trailers?()
    if isChunked || fields != nil {
      // In HTTP/2 for its checks.
      var chunk: [UInt8] = []
      do { try ChunkSerializer.appendEnd(trailers: fields, to: &chunk) } catch { return finish(.failed(error)) }
      if isChunked { output.write(chunk) }
    }
    finish(.sent(trailers: fields))
  }

  private func finish(_ outcome: Outcome) { ended.take()?(outcome) }
}

/// Content whose length differs from the announced one.
struct BodyLengthError: Error, CustomStringConvertible {
  /// The number of missing bytes; negative for too many.
  let missing: Int

  var description: String {
    missing > 0
      ? "the content has \(missing) bytes less than the length that was given for it"
      : "the content has \(-missing) bytes more than the length that was given for it"
  }
}

/// A connection that carries one request at a time takes its content as it is.
private final class ConnectionOutput: BodyOutput {
  private let transport: any Transport

  init(_ transport: any Transport) { self.transport = transport }

  var reactor: Reactor { transport.reactor }

  func write(_ bytes: [UInt8]) { transport.write(bytes) }
}
