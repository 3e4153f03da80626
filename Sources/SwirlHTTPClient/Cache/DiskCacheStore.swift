import SwirlDeferred
import SwirlReactor
import SwirlSystem
import SwirlHTTPCore

/// Responses in files, which are read and written on threads for files.
///
/// Operations on one key run in FIFO order; different keys do not wait for each other. So a request always sees the
/// effect of the previous one.
final class DiskCacheStore: CacheStore {
  private let directory: CacheDirectory
  /// The operations that wait for a running one on the same key.
  private var waiting: [String: RingBuffer<() -> Void>] = [:]
  /// The known size; nil before the first scan.
  private var size: Int?
  private var isTrimming = false

  init(_ path: String, limit: Int) { directory = CacheDirectory(path: path, limit: limit) }

  var limit: Int { directory.limit }

  func load(_ key: String, on reactor: @autoclosure () -> Reactor) -> Deferred<CacheFound> {
    let reactor = reactor()
    let now = reactor.wallTime
    let found = inTurn(key, on: reactor, orElse: .refused) { [directory] in directory.read(key, at: now) }
    return found.addCallback { found in
      switch found {
      case .responses(let responses): CacheFound(responses: responses)
      case .nothing: CacheFound()
      case .damaged, .refused: CacheFound(effects: CacheEffects(failures: 1))
      }
    }
  }

  func update(
    _ key: String, on reactor: @autoclosure () -> Reactor,
    _ change: @escaping @Sendable (inout [CachedResponse]) -> Void
  ) -> Deferred<CacheEffects> {
    let failure = CacheDirectory.Change(failures: 1)
    let reactor = reactor()
    let now = reactor.wallTime
    let changed = inTurn(key, on: reactor, orElse: failure) { [directory] in directory.update(key, at: now, change) }
    return changed.addCallback { done in
      if let size = self.size { self.size = size + done.growth }
      let effects = CacheEffects(failures: done.failures)
      if done.growth <= 0 { return .succeed(effects) }
      return self.trimIfNeeded(on: .current).addCallback { removed in
        CacheEffects(evictions: removed, failures: effects.failures)
      }
    }
  }

  func removeAll(on reactor: @autoclosure () -> Reactor) -> Deferred<CacheEffects> {
    size = nil
    let reactor = reactor()
    return reactor.deferToThread(in: reactor.fileThreads.files) { [directory] in directory.removeAll() }
      .addCallback { CacheEffects(failures: $0) }.addErrback { _ in CacheEffects(failures: 1) }
  }

  /// Scans all files the first time, and then whenever the limit may be exceeded.
  private func trimIfNeeded(on reactor: Reactor) -> Deferred<Int> {
    if isTrimming { return .succeed(0) }
    if let size, size <= limit { return .succeed(0) }
    isTrimming = true
    let now = reactor.wallTime
    let trimmed = reactor.deferToThread(in: reactor.fileThreads.files) { [directory] in directory.trim(at: now) }
    return trimmed.addBoth { result in
      self.isTrimming = false
      guard case .success(let now) = result else { return 0 }
      self.size = now.size
      return now.removed
    }
  }

  /// Runs `work` on a thread after the earlier operations on `key`. Cancelling it drops the result, but the work runs.
  /// After the pool is closed it gives the fallback value.
  private func inTurn<Value: Sendable>(
    _ key: String, on reactor: Reactor, orElse other: Value, _ work: @escaping @Sendable () -> Value
  ) -> Deferred<Value> {
    var isWanted = true
    let outcome = Deferred<Value>(canceller: { _ in isWanted = false })
    // Unowned: the reactor itself runs this closure.
    let start = { [unowned reactor] in
      reactor.deferToThread(in: reactor.fileThreads.files) { work() }.addBoth { result in
        self.endTurn(key)
        if isWanted { outcome.callback((try? result.get()) ?? other) }
      }
      return
    }
    if waiting[key] == nil {
      waiting[key] = RingBuffer()
      start()
    } else {
      waiting[key]?.append(start)
    }
    return outcome
  }

  private func endTurn(_ key: String) {
    if let next = waiting[key]?.popFirst() { next() } else { waiting[key] = nil }
  }
}
