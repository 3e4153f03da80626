import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Writes on the thread pool, several pieces at a time: it collects the next ones during a write, because a call on a
/// thread costs more than writing 64 KiB. Used on the reactor's thread only.
final class PartWriter {
  /// The size of a batch; at most two batches are buffered.
  private static let batch = 1 << 18
  private let part: PartFile
  private unowned let reactor: Reactor
  /// Where writing starts; nil once it has started.
  var beginning: (length: Int, origin: PartOrigin?)?
  private var pieces: [[UInt8]] = []
  private var size = 0
  private var isWriting = false
  private var isFlushing = false
  private var isAbandoned = false
  private var failure: (any Error)?
  private var waiting: Deferred<Void>?
  /// Writes a partial batch after a while: the server may have stalled, and the program may be killed before it
  /// resumes.
  private var lateWrite: DelayedCall?
  private static let longestWait = Duration.milliseconds(200)

  init(_ part: PartFile, on reactor: Reactor) {
    self.part = part
    self.reactor = reactor
  }

  func add(_ bytes: [UInt8]) {
    pieces.append(bytes)
    size += bytes.count
    if size >= Self.batch, !isWriting, failure == nil { start() } else { writeLater() }
  }

  private func writeLater() {
    if isWriting || failure != nil || size == 0 || lateWrite != nil { return }
    lateWrite = reactor.callLater(Self.longestWait) { [weak self] in
      guard let self else { return }
      lateWrite = nil
      if !isWriting, size > 0 { start() }
    }
  }

  /// Whether to wait for `room()` before more is added.
  var isFull: Bool { failure != nil || isWriting && size >= Self.batch }

  /// Fires when more may be added, or fails with the error of a write.
  func room() -> Deferred<Void> { wait() }

  /// Fires when all bytes are written. Do not add more after this.
  func flush() -> Deferred<Void> {
    isFlushing = true
    if !isWriting, size > 0 || beginning != nil, failure == nil { start() }
    return wait()
  }

  /// Finishes the current write only, and closes the file.
  func abandon() {
    lateWrite.take()?.cancel()
    pieces = []
    size = 0
    beginning = nil
    isAbandoned = true
    if !isWriting { part.leave() }
  }

  private func wait() -> Deferred<Void> {
    if let failure { return .fail(failure) }
    if !isWriting { return .succeed(()) }
    let deferred = Deferred<Void>()
    waiting = deferred
    return deferred
  }

  private func start() {
    isWriting = true
    lateWrite.take()?.cancel()
    let (batch, beginning) = (pieces, beginning.take())
    pieces = []
    size = 0
    part.perform(on: reactor) { part in
      if let beginning { try part.begin(at: beginning.length, beginning.origin) }
      for bytes in batch { try part.write(bytes) }
    }
    .addBoth { [self] in wrote($0) }
  }

  private func wrote(_ result: Result<Void, any Error>) {
    isWriting = false
    if isAbandoned { return part.leave() }
    if case .failure(let error) = result { failure = error }
    if failure == nil, size >= Self.batch || isFlushing && size > 0 { start() } else { writeLater() }
    guard failure != nil || !isFlushing || !isWriting else { return }
    if let failure { waiting.take()?.errback(failure) } else { waiting.take()?.callback(()) }
  }
}
