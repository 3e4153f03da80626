import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// Writes what comes on the thread pool, several pieces at a time: while some are written, the next are collected. To ask a thread
/// costs more than to write 64 KiB. On the reactor's thread only.
final class PartWriter {
  /// So much is written at once, and no more than twice that waits.
  private static let batch = 1 << 18
  private let part: PartFile
  private unowned let reactor: Reactor
  /// Where writing begins, before it has.
  var beginning: (length: Int, origin: PartOrigin?)?
  private var pieces: [[UInt8]] = []
  private var size = 0
  private var isWriting = false
  private var isFlushing = false
  private var isAbandoned = false
  private var failure: (any Error)?
  private var waiting: Deferred<Void>?
  /// Writes what is less than a batch: a server that has stopped may not go on before this program is killed.
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

  /// Fires when more may be added, or with the error of what was written.
  func room() -> Deferred<Void> { wait() }

  /// Fires when all is written. Nothing may be added then.
  func flush() -> Deferred<Void> {
    isFlushing = true
    if !isWriting, size > 0 || beginning != nil, failure == nil { start() }
    return wait()
  }

  /// Writes no more than what is being written, and closes the file.
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
