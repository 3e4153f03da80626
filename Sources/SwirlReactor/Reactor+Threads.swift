public import SwirlDeferred

extension Reactor {
  /// The pool that ``deferToThread(in:name:mayBeAbandoned:file:line:_:)`` uses by default: ten threads, started on
  /// demand.
  public var threadPool: ThreadPool {
    if let ownThreadPool { return ownThreadPool }
    let pool = ThreadPool(size: 10)
    ownThreadPool = pool
    return pool
  }

  /// How long a stopping reactor waits for its calls on threads, and for file writes; ten seconds by default.
  ///
  /// After that it gives up: it cancels calls that have not started, and abandons the others. A warning in the log
  /// names them. Zero does not wait. A second Ctrl-C, and `crash()`, end the wait. asyncio:
  /// `shutdown_default_executor(timeout)`.
  public var threadCallTimeLimit: Duration {
    get { threadCalls.timeLimit }
    set { threadCalls.timeLimit = newValue }
  }

  /// Runs `work`, which may block, on a thread of a pool, and gives its outcome on the reactor's thread.
  ///
  /// Cancelling the Deferred makes it fail with `CancelledError` at once. Work that has not started then never runs;
  /// work that has started cannot be stopped, and its outcome is dropped. A stopping reactor first waits for the work,
  /// started or not, up to ``threadCallTimeLimit``. Twisted: `deferToThread`; asyncio: `to_thread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: its name in ``ThreadPool/currentWork``, for log metadata.
  ///   - mayBeAbandoned: whether a stopping reactor need not wait for it: for work that only reads, such as from a
  ///     terminal.
  ///   - work: its return value or error is the outcome.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func deferToThread<Value: Sendable>(
    in pool: ThreadPool? = nil, name: String? = nil, mayBeAbandoned: Bool = false, file: StaticString = #fileID,
    line: UInt = #line, _ work: @escaping @Sendable () throws -> Value
  ) -> Deferred<Value> {
    startThreadCall(in: pool, name: name, mayBeAbandoned: mayBeAbandoned, CallSite(file: file, line: line), work).result
  }

  /// A call whose outcome may be unwanted for a while, and then wanted again.
  package func callThread<Value: Sendable>(
    in pool: ThreadPool, _ work: @escaping @Sendable () throws -> Value
  ) -> ThreadCall<Value> { startThreadCall(in: pool, name: nil, mayBeAbandoned: true, CallSite(), work) }

  private func startThreadCall<Value: Sendable>(
    in pool: ThreadPool?, name: String?, mayBeAbandoned: Bool, _ site: CallSite,
    _ work: @escaping @Sendable () throws -> Value
  ) -> ThreadCall<Value> {
    // The Deferred stays here; the thread carries its number only. So no other thread ever accesses or releases its
    // callbacks, and a late result finds no Deferred.
    let id = threadCalls.nextID()
    let deferred = Deferred<Value>(
      canceller: { [reference] _ in reference.reactor?.threadCalls.cancel(id) }, file: site.file, line: site.line)
    let remote = remote
    do throws(ThreadPoolError) {
      let ticket = try (pool ?? threadPool).submit {
        let result = Result { name == nil ? try work() : try ThreadPool.$work.withValue(name, operation: work) }
        remote.callFromThread(file: site.file, line: site.line) { reactor in
          // The number belongs to this Deferred only.
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

  /// The outcome of a call is currently unwanted. If it has not started, it never runs, and fails with
  /// `CancelledError`; if it has, the outcome still arrives, but its thread no longer counts in the pool.
  package func leave<Value>(_ call: ThreadCall<Value>) {
    if threadCalls.leave(call.id) { call.result.cancel() }
  }

  /// Shutdown triggers of the phase `during` may still use the calls' resources; those of the phase `after` may free
  /// them. Twisted: the trigger that stops the thread pool.
  private func waitForThreadCallsAtShutdown() {
    if threadCalls.hasTrigger { return }
    threadCalls.hasTrigger = true
    addSystemEventTrigger(.during, .shutdown) { [unowned self] in threadCallsFinished() }
  }

  /// Runs `work`, which may block, on a thread of a pool. If it throws, or the pool refuses it, that is logged on the
  /// reactor's thread. Twisted: `callInThread`.
  ///
  /// - Parameters:
  ///   - pool: the threads; the reactor's own ``threadPool`` when nil.
  ///   - name: its name in ``ThreadPool/currentWork``, for log metadata.
  ///   - mayBeAbandoned: whether a stopping reactor need not wait for it.
  ///   - file: the caller's file, for logs; left to the compiler.
  ///   - line: the caller's line, for logs; left to the compiler.
  ///   - work: the function to run.
  public func callInThread(
    in pool: ThreadPool? = nil, name: String? = nil, mayBeAbandoned: Bool = false, file: StaticString = #fileID,
    line: UInt = #line, _ work: @escaping @Sendable () throws -> Void
  ) {
    let site = CallSite(file: file, line: line)
    startThreadCall(in: pool, name: name, mayBeAbandoned: mayBeAbandoned, site, work).result
      .addErrback { [reference] error in reference.reactor?.perform(at: site) { throw error } }
  }
}

/// A call on a pool.
package struct ThreadCall<Value> {
  fileprivate let id: Int
  /// Its outcome.
  package let result: Deferred<Value>
}

/// Runs `work`, which may block, on a pool, by default that of this thread's reactor; see
/// ``Reactor/deferToThread(in:name:mayBeAbandoned:file:line:_:)``.
public func deferToThread<Value: Sendable>(
  in pool: ThreadPool? = nil, file: StaticString = #fileID, line: UInt = #line,
  _ work: @escaping @Sendable () throws -> Value
) -> Deferred<Value> {
  Reactor.current.deferToThread(in: pool, file: file, line: line, work)
}
