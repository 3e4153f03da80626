import Logging
import SwirlDeferred
import SwirlReactor

/// Writes lines on a thread, from a bounded buffer that any thread may fill.
///
/// Unchecked, because its state is only accessed under `lock`, and the file on the thread of `pool` alone.
final class LogWriter: @unchecked Sendable {
  static let standardOutput = LogWriter(LogFile(descriptor: 1, "standard output"))
  static let standardError = LogWriter(LogFile(descriptor: 2, "standard error"))

  private let file: LogFile
  private let pool = ThreadPool(size: 1, name: "swirl-log")
  private let limit: Int
  private let logger = Logger(label: "swirl.http.access")

  private let lock = Lock()
  private var pending: [UInt8] = []
  private var pendingLines = 0
  private var isWriting = false
  private var mustReopen = false
  private var dropped = 0
  /// Whether an error was logged since the last batch that was written.
  private var isFailing = false

  /// - Parameter limit: the number of bytes that wait, beyond which lines are dropped.
  init(_ file: LogFile, limit: Int = 4 * 1024 * 1024) {
    self.file = file
    self.limit = limit
  }

  var droppedLines: Int { lock.withLock { dropped } }

  /// Adds whole lines, or drops them.
  func append(_ bytes: [UInt8], lines: Int) {
    let mustStart = lock.withLock {
      guard pending.count + bytes.count <= limit else {
        dropped += lines
        return false
      }
      if pending.isEmpty { pending = bytes } else { pending += bytes }
      pendingLines += lines
      return begin()
    }
    if mustStart { start() }
  }

  func reopen() {
    let mustStart = lock.withLock {
      mustReopen = true
      return begin()
    }
    if mustStart { start() }
  }

  /// Under the lock: whether the thread has to be started.
  private func begin() -> Bool {
    defer { isWriting = true }
    return !isWriting
  }

  private func start() {
    // Without a thread the lines wait for the next attempt.
    if !pool.run({ self.writePending() }) { lock.withLock { isWriting = false } }
  }

  /// Fires when all lines that were added until now are written or lost.
  func flush(on reactor: Reactor) -> Deferred<Void> {
    // The pool has one thread: what it runs next is behind them.
    reactor.deferToThread(in: pool, mayBeAbandoned: true) {}
  }

  // MARK: - On the thread

  private func writePending() {
    while let (bytes, lines, mustReopen) = takePending() {
      var failure: (any Error)?
      do { if mustReopen { try file.reopen() } } catch { failure = error }
      do { try file.write(bytes) } catch {
        failure = error
        lock.withLock { dropped += lines }
      }
      report(failure)
    }
  }

  private func takePending() -> (bytes: [UInt8], lines: Int, mustReopen: Bool)? {
    lock.withLock {
      if pending.isEmpty, !mustReopen {
        isWriting = false
        return nil
      }
      defer { (pending, pendingLines, mustReopen) = ([], 0, false) }
      return (pending, pendingLines, mustReopen)
    }
  }

  /// Logs the first of several errors.
  private func report(_ failure: (any Error)?) {
    if let failure, !isFailing {
      logger.error("the access log can't be written, \(droppedLines) lines are lost so far: \(failure)")
    } else if failure == nil, isFailing {
      logger.notice("the access log is written again, \(droppedLines) lines were lost")
    }
    isFailing = failure != nil
  }
}
