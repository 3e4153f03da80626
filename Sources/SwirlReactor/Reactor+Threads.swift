public import SwirlDeferred

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Reactor {
  /// The pool that ``deferToThread(in:name:file:line:_:)`` uses unless told otherwise: ten threads, started as they are needed.
  public var threadPool: ThreadPool {
    if let ownThreadPool { return ownThreadPool }
    let pool = ThreadPool(size: 10)
    ownThreadPool = pool
    return pool
  }

  /// Runs `work`, which may block, on a thread of a pool, and gives its outcome on the reactor's thread.
  ///
  /// Cancelling the Deferred makes it fail with `CancelledError` at once; work that has started cannot be stopped, and
  /// its outcome is then dropped. Twisted: `deferToThread`; asyncio: `to_thread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: what it is called in ``ThreadPool/currentWork``; which logs can tell.
  ///   - work: what it returns or throws is the outcome.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func deferToThread<Value: Sendable>(
    in pool: ThreadPool? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    // The Deferred stays here; the thread carries its number only. So nothing that hangs on it is ever touched, or let go
    // of, on another thread, and a result that comes too late finds nobody.
    nextThreadWorkID += 1
    let id = nextThreadWorkID
    let deferred = Deferred<Value>(
      canceller: { [reference] _ in reference.reactor?.threadWork[id] = nil }, file: file, line: line)
    threadWork[id] = deferred
    let remote = remote
    let refusal = (pool ?? threadPool).submit {
      let result = Result { name == nil ? try work() : try ThreadPool.$currentWork.withValue(name, operation: work) }
      remote.callFromThread(file: file, line: line) { reactor in
        guard let deferred = reactor.threadWork.removeValue(forKey: id) else { return }
        // The number was given to this Deferred and to no other.
        unsafeDowncast(deferred, to: Deferred<Value>.self).fire(with: result)
      }
    }
    if let refusal {
      threadWork[id] = nil
      deferred.errback(refusal)
    }
    return deferred
  }

  /// Runs `work`, which may block, on a thread of a pool. An error that it throws, or that the pool takes no more, is logged, on the reactor's
  /// thread. Twisted: `callInThread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: what it is called in ``ThreadPool/currentWork``; which logs can tell.
  ///   - file: the caller's file, for logs; left to the compiler.
  ///   - line: the caller's line, for logs; left to the compiler.
  ///   - work: what is run.
  public func callInThread(
    in pool: ThreadPool? = nil, name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: @escaping @Sendable () throws -> Void
  ) {
    deferToThread(in: pool, name: name, file: file, line: line, work).addErrback { [reference] error in
      reference.reactor?.perform(at: CallSite(file: file, line: line)) { throw error }
    }
  }
}

/// Why a pool did not take work.
public struct ThreadPoolError: Error, Hashable, CustomStringConvertible {
  private enum Reason: Hashable {
    case closed, full
    case noThread(errno: Int32)
  }
  private let reason: Reason

  /// It was closed.
  public static let closed = ThreadPoolError(reason: .closed)
  /// As much waits as may.
  public static let full = ThreadPoolError(reason: .full)
  /// It has no thread, and the system gives none.
  static func noThread(_ errno: Int32) -> ThreadPoolError { ThreadPoolError(reason: .noThread(errno: errno)) }

  /// What happened, and what to do.
  public var description: String {
    switch reason {
    case .closed: "the thread pool is closed and takes no more work"
    case .full: "the thread pool is full: wait for work to be done before giving it more, as behind a semaphore"
    case .noThread(let errno):
      "no thread can be started (\(String(cString: strerror(errno)))): there are too many processes (ulimit -u), or too little memory"
    }
  }
}

/// Runs `work`, which may block, on a thread of this thread's reactor's pool; see ``Reactor/deferToThread(in:name:file:line:_:)``.
public func deferToThread<Value: Sendable>(
  file: StaticString = #fileID, line: UInt = #line, _ work: @escaping @Sendable () throws -> Value
) -> Deferred<Value> {
  Reactor.current.deferToThread(file: file, line: line, work)
}
