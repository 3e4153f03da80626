import SwirlDeferred
import SwirlReactor
import SwirlHTTPCore

/// The bytes of one write, in memory that is used again: that of a new array is a page fault for each 4 KiB.
///
/// Unchecked, because it has one owner at a time: the reactor's thread, which collects, or the thread that writes it.
/// The call on the pool hands it to the one, its result back to the other, and neither touches it in between.
private final class Batch: @unchecked Sendable {
  var bytes: [UInt8] = []

  func append(_ piece: [UInt8]) {
    // A long file fills it: its size at once, rather than twice what is there. The kernel gives memory as it is used.
    if bytes.capacity < PartWriter.batchSize, bytes.count + piece.count > Self.small {
      bytes.reserveCapacity(PartWriter.batchSize + piece.count)
    }
    bytes += piece
  }

  private static let small = 64 * 1024
}

/// Writes on the thread pool, several pieces at a time: it collects the next ones during a write, because a call on a
/// thread costs more than writing 64 KiB. Used on the reactor's thread only.
final class PartWriter {
  /// The size of a batch, up to a piece more; at most two batches are buffered.
  fileprivate static let batchSize = 1 << 19
  private let part: PartFile
  private unowned let reactor: Reactor
  /// Where writing starts; nil once it has started.
  var beginning: (length: Int, origin: PartOrigin?)?
  /// Collects bytes, and is handed to the thread when it is full.
  private var batch = Batch()
  /// The other one, while it is not written.
  private var spare = Batch()
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
    batch.append(bytes)
    if size >= Self.batchSize, !isWriting, failure == nil { start() } else { writeLater() }
  }

  private var size: Int { batch.bytes.count }

  private func writeLater() {
    if isWriting || failure != nil || size == 0 || lateWrite != nil { return }
    lateWrite = reactor.callLater(Self.longestWait) { [weak self] in
      guard let self else { return }
      lateWrite = nil
      if !isWriting, size > 0 { start() }
    }
  }

  /// Whether to wait for `room()` before more is added.
  var isFull: Bool { failure != nil || isWriting && size >= Self.batchSize }

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
    batch = Batch()
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
    let beginning = beginning.take()
    swap(&batch, &spare)
    part.perform(on: reactor) { [full = spare] part in
      if let beginning { try part.begin(at: beginning.length, beginning.origin) }
      if !full.bytes.isEmpty { try part.write(full.bytes) }
    }
    .addBoth { [self] in wrote($0) }
  }

  private func wrote(_ result: Result<Void, any Error>) {
    isWriting = false
    spare.bytes.removeAll(keepingCapacity: true)
    if isAbandoned { return part.leave() }
    if case .failure(let error) = result { failure = error }
    if failure == nil, size >= Self.batchSize || isFlushing && size > 0 { start() } else { writeLater() }
    guard failure != nil || !isFlushing || !isWriting else { return }
    if let failure { waiting.take()?.errback(failure) } else { waiting.take()?.callback(()) }
  }
}
