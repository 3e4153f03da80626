import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// Sends content that comes in pieces: asks for the next one when the connection has room.
final class BodySender {
  enum Outcome {
    case sent
    /// The content did not come, or was not what was announced.
    case failed(any Error)
  }
  /// So much goes out in one turn: a source that always has more must leave others their turn.
  private static let bytesPerTurn = 1 << 20

  private let transport: any Transport
  private let source: any BodySource
  /// What is still to come of the length that was announced; nil for chunks.
  private var remaining: Int?
  private var ended: ((Outcome) -> Void)?
  /// What was asked for and has not come.
  private var pending: Deferred<[UInt8]?>?
  private var isStarted = false
  /// The transport has told the connection to pause, and will tell it to resume.
  private var isPaused = false
  /// This turn's share is sent; the next turn sends more.
  private var isTurnOver = false
  private var isRunning = false
  private var sentInTurn = 0

  /// `ended` is called once, unless it is cancelled before.
  init(
    _ source: any BodySource, length: Int?, on transport: any Transport, _ ended: @escaping (Outcome) -> Void
  ) {
    self.source = source
    remaining = length
    self.transport = transport
    self.ended = ended
  }

  /// - Parameter isPaused: whether the transport has told the connection to pause already.
  func start(isPaused: Bool) {
    self.isPaused = isPaused
    isStarted = true
    run()
  }

  /// As the transport says: the two flags are apart, since it says `resume` only after it has said `pause`.
  func pause() { isPaused = true }

  func resume() {
    isPaused = false
    run()
  }

  /// Asks for no more.
  func cancel() {
    ended = nil
    pending.take()?.cancel()
  }

  private func run() {
    // The loop below goes on by itself when what it asked for comes at once.
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
    transport.reactor.callSoon { [weak self] in
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
      transport.write(piece)
    } else {
      var chunk: [UInt8] = []
      chunk.reserveCapacity(piece.count + 16)
      ChunkSerializer.appendChunk(piece.span, to: &chunk)
      transport.write(chunk)
    }
  }

  private func end() {
    if let remaining, remaining > 0 { return finish(.failed(BodyLengthError(missing: remaining))) }
    if remaining == nil {
      var chunk: [UInt8] = []
      do { try ChunkSerializer.appendEnd(to: &chunk) } catch { return finish(.failed(error)) }
      transport.write(chunk)
    }
    finish(.sent)
  }

  private func finish(_ outcome: Outcome) { ended.take()?(outcome) }
}

/// Content that is not as long as was announced.
struct BodyLengthError: Error, CustomStringConvertible {
  /// How much too little there is; less than zero for too much.
  let missing: Int

  var description: String {
    missing > 0
      ? "the content has \(missing) bytes less than the length that was given for it"
      : "the content has \(-missing) bytes more than the length that was given for it"
  }
}
