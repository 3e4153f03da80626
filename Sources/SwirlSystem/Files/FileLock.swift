public import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Synchronization

/// An exclusive or shared lock on a file, which other processes and other parts of this one respect: see `Files.lock`.
///
/// It is released by ``release()``, with the object, and by the system when the process ends. Any thread.
public final class FileLock: Sendable {
  private let file: Mutex<OpenFile?>

  init(_ file: OpenFile) { self.file = Mutex(file) }

  /// Releases the lock. A second call does nothing.
  public func release() {
    let released = file.withLock { $0.take() }
    // Closing alone would leave it held by a child that is being made, which has a copy until its program runs.
    released?.releaseLock()
    try? released?.close()
  }

  deinit { release() }
}

extension Files {
  /// Waits for the lock on a file, which is created if it does not exist, and stays.
  ///
  /// ```swift
  /// reactor.files.lock("crawl.lock").addCallback { lock in … lock.release() }
  /// ```
  ///
  /// The lock binds programs that ask for it (flock(2)); reads and writes pass. It is asked for again and again, with
  /// pauses of up to a quarter of a second, so the order among waiters is any. Cancelling ends the wait. Twisted:
  /// `DeferredFilesystemLock`; Python: filelock.
  /// - Parameters:
  ///   - path: the file. One for the lock alone is best: one that is replaced has another lock.
  ///   - shared: whether other shared locks may be held beside it, but no exclusive one.
  ///   - timeout: the maximum time to wait, after which it fails with `TimeoutError`; nil for no limit.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  /// - Returns: the lock. Fails with a ``FileError`` if the file cannot be opened, or its file system has no locks.
  public func lock(
    _ path: some SystemBytes, shared: Bool = false, timeout: Duration? = nil, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<FileLock> {
    let path = SystemPath(path)
    let locked = retry(Self.pauses, clock: reactor, file: file, line: line, where: { $0 is Held }) {
      tryLock(path, shared: shared, file: file, line: line).addCallback { lock in
        guard let lock else { throw Held() }
        return lock
      }
    }
    guard let timeout else { return locked }
    return locked.addTimeout(timeout, clock: reactor).addErrback { error in
      if error is TimeoutError { throw TimeoutError(after: timeout, what: "the lock on \(path)") }
      throw error
    }
  }

  /// Takes the lock on a file if it is free; nil if it is held, here or by another process.
  public func tryLock(
    _ path: some SystemBytes, shared: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<FileLock?> {
    let path = SystemPath(path)
    return reactor.withFiles(path, purpose: .reading, at: CallSite(file: file, line: line)) {
      try OpenFile.withLock(shared ? .shared : .exclusive, path, permissions: nil).map { FileLock($0) }
    }
  }

  private static let pauses = Backoff(
    attempts: .max, firstDelay: .milliseconds(4), maximumDelay: .milliseconds(250))
}

/// Another one has the lock.
private struct Held: Error {}
