public import SwirlDeferred

extension Reactor {
  /// The pool that ``deferToThread(in:name:mayBeAbandoned:file:line:_:)`` uses unless told otherwise: ten threads, started as they are
  /// needed.
  public var threadPool: ThreadPool {
    if let ownThreadPool { return ownThreadPool }
    let pool = ThreadPool(size: 10)
    ownThreadPool = pool
    return pool
  }

  /// How long a reactor that stops waits for the calls that it has made on threads, and for files that it writes; ten seconds by default.
  ///
  /// Calls that take longer are given up: those that have not begun are cancelled, the others can only be left to themselves. A warning in
  /// the log says how many and which. Zero waits for none. A second Ctrl-C, and `crash()`, end the wait.
  /// asyncio: `shutdown_default_executor(timeout)`.
  public var threadCallTimeLimit: Duration {
    get { threadCalls.timeLimit }
    set { threadCalls.timeLimit = newValue }
  }

  /// Runs `work`, which may block, on a thread of a pool, and gives its outcome on the reactor's thread.
  ///
  /// Cancelling the Deferred makes it fail with `CancelledError` at once. Work that no thread has begun then never runs; work that has
  /// begun cannot be stopped, and its outcome is dropped. When the reactor stops, it first waits for the work, begun or not, as long as
  /// ``threadCallTimeLimit`` allows. Twisted: `deferToThread`; asyncio: `to_thread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: what it is called in ``ThreadPool/currentWork``; which logs can tell.
  ///   - mayBeAbandoned: whether a reactor that stops need not wait for it: right for work that only reads, such as from a terminal.
  ///   - work: what it returns or throws is the outcome.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func deferToThread<Value: Sendable>(
    in pool: ThreadPool? = nil, name: String? = nil, mayBeAbandoned: Bool = false, file: StaticString = #fileID,
    line: UInt = #line, _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    startThreadCall(in: pool, name: name, mayBeAbandoned: mayBeAbandoned, CallSite(file: file, line: line), work).result
  }

  /// A call whose outcome may be unwanted for a while, and wanted again.
  package func callThread<Value: Sendable>(
    in pool: ThreadPool, _ work: @escaping @Sendable () throws -> Value
  ) -> ThreadCall<Value> { startThreadCall(in: pool, name: nil, mayBeAbandoned: true, CallSite(), work) }

  private func startThreadCall<Value: Sendable>(
    in pool: ThreadPool?, name: String?, mayBeAbandoned: Bool, _ site: CallSite,
    _ work: @escaping @Sendable () throws -> Value
  ) -> ThreadCall<Value> {
    // The Deferred stays here; the thread carries its number only. So nothing that hangs on it is ever touched, or let go
    // of, on another thread, and a result that comes too late finds nobody.
    let id = threadCalls.nextID()
    let deferred = Deferred<Value>(
      canceller: { [reference] _ in reference.reactor?.threadCalls.cancel(id) }, file: site.file, line: site.line)
    let remote = remote
    do throws(ThreadPoolError) {
      let ticket = try (pool ?? threadPool).submit {
        let result = Result { name == nil ? try work() : try ThreadPool.$currentWork.withValue(name, operation: work) }
        remote.callFromThread(file: site.file, line: site.line) { reactor in
          // The number was given to this Deferred and to no other.
          if let deferred = reactor.threadCalls.remove(id)?.deferred {
            unsafeDowncast(deferred, to: Deferred<Value>.self).fire(with: result)
          }
          reactor.threadCallEnded()
        }
      }
      threadCalls.insert(
        .init(deferred: deferred, ticket: ticket, mayBeAbandoned: mayBeAbandoned, name: name, site: site), id)
      if !mayBeAbandoned { waitForThreadCallsAtShutdown() }
    } catch { deferred.errback(error) }
    return ThreadCall(id: id, result: deferred)
  }

  /// The outcome of a call is not wanted at present: if no thread has begun it, it never runs, and fails with `CancelledError`; if one has,
  /// the outcome still comes, but the thread has no place in the pool any more.
  package func leave<Value>(_ call: ThreadCall<Value>) {
    if threadCalls.leave(call.id) { call.result.cancel() }
  }

  /// Shutdown triggers of the phase `during` may still use what the calls use; those of the phase `after` may free it.
  /// Twisted: the trigger that stops the thread pool.
  private func waitForThreadCallsAtShutdown() {
    if threadCalls.hasTrigger { return }
    threadCalls.hasTrigger = true
    addSystemEventTrigger(.during, .shutdown) { [unowned self] in threadCallsFinished() }
  }

  /// Runs `work`, which may block, on a thread of a pool. An error that it throws, or that the pool takes no more, is logged, on the reactor's
  /// thread. Twisted: `callInThread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: what it is called in ``ThreadPool/currentWork``; which logs can tell.
  ///   - mayBeAbandoned: whether a reactor that stops need not wait for it.
  ///   - file: the caller's file, for logs; left to the compiler.
  ///   - line: the caller's line, for logs; left to the compiler.
  ///   - work: what is run.
  public func callInThread(
    in pool: ThreadPool? = nil, name: String? = nil, mayBeAbandoned: Bool = false, file: StaticString = #fileID,
    line: UInt = #line, _ work: @escaping @Sendable () throws -> Void
  ) {
    let site = CallSite(file: file, line: line)
    startThreadCall(in: pool, name: name, mayBeAbandoned: mayBeAbandoned, site, work).result
      .addErrback { [reference] error in reference.reactor?.perform(at: site) { throw error } }
  }
}

/// A call that was given to a pool.
package struct ThreadCall<Value> {
  fileprivate let id: Int
  /// Its outcome.
  package let result: Deferred<Value>
}

/// Runs `work`, which may block, on a thread of this thread's reactor's pool; see
/// ``Reactor/deferToThread(in:name:mayBeAbandoned:file:line:_:)``.
public func deferToThread<Value: Sendable>(
  file: StaticString = #fileID, line: UInt = #line, _ work: @escaping @Sendable () throws -> Value
) -> Deferred<Value> {
  Reactor.current.deferToThread(file: file, line: line, work)
}
