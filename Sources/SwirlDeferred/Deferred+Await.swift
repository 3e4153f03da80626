import Synchronization

extension Deferred {
  /// The result, for code that awaits. A failure is thrown and counts as handled.
  ///
  /// Runs on the caller's actor and stays there: the Deferred is not sent anywhere. When the task is cancelled the Deferred
  /// is too, on that same actor, and this throws what comes of it: ``CancelledError`` unless the canceller says otherwise.
  /// At the top level of a `main.swift`, and in an async `main`, the main reactor runs while this waits. A Deferred that is never fired is
  /// awaited for ever; the first await of the main actor whose Deferred nothing can fire is reported after three seconds
  /// (``DeferredReport/Code/nothingToFireIt``). Twisted: `await deferred`.
  public final var value: Value {
    get async throws {
      await settled(on: #isolation)
      if let failure { throw failure.handled() }
      guard let success else { preconditionFailure("an awaited Deferred was resumed unfired") }
      return success
    }
  }
}

extension AnyDeferred {
  /// Suspends until the callbacks of this stage run.
  ///
  /// With an `isolated` parameter, so that it does run on the caller's actor before it touches anything: a function that only
  /// passes a call on may leave that out. Not generic: what depends on the value would be looked up at each await.
  fileprivate final func settled(on isolation: isolated (any Actor)?) async {
    if isFired, pauses == 0 { return }
    let home = DeferredHomes.current()
    if home == nil, deferredDebugging, DeferredHomes.isHopeless {
      DeferredReport(.awaitedWithoutReactor, createdAt: origin).send()
    }
    guard let home else {
      let watch = IdleAwait.watch(self, on: isolation)
      await wait(on: isolation, home: nil)
      watch?.cancel()
      return
    }
    if let task = home.currentTask(of: isolation) {
      add(AwaitStage { task.resume() })
      return await task.wait(for: self, on: isolation)
    }
    // A task of no actor, or of one elsewhere, goes on on another thread, but for this preference.
    await withTaskExecutorPreference(home, isolation: isolation) { await wait(on: isolation, home: home) }
  }

  private final func wait(on isolation: isolated (any Actor)?, home: (any TaskExecutor)?) async {
    let canceller = TaskCanceller(cancelling: self, on: isolation, home: home)
    await withTaskCancellationHandler {
      await withCheckedContinuation(isolation: isolation) { (waiter: CheckedContinuation<Void, Never>) in
        add(AwaitStage { waiter.resume() })
        canceller.beginWaiting()
      }
    } onCancel: {
      canceller.cancel()
    }
  }
}

/// Carries the cancellation of a task, which may be seen on any thread, to where the Deferred belongs.
///
/// Unchecked, because the Deferred is touched there only: on its actor, else on the reactor's thread where it is awaited. With
/// neither it belongs to the task alone: once that is suspended, the thread that cancels it is the only one that can reach the
/// Deferred, and not before.
private final class TaskCanceller: @unchecked Sendable {
  private enum Phase {
    case starting, waiting, cancelled
  }
  private let phase = Mutex(Phase.starting)
  private let deferred: AnyDeferred
  private let isolation: (any Actor)?
  private let home: (any TaskExecutor)?

  init(cancelling deferred: AnyDeferred, on isolation: (any Actor)?, home: (any TaskExecutor)?) {
    self.deferred = deferred
    self.isolation = isolation
    self.home = home
  }

  /// The task is cancelled.
  func cancel() {
    if let isolation {
      Task { await cancel(on: isolation) }
    } else if let home {
      Task(executorPreference: home) { @concurrent in self.deferred.cancel() }
    } else if moveOn(to: .cancelled) == .waiting {
      deferred.cancel()
    }
  }

  /// The task touches the Deferred no more until it is resumed.
  func beginWaiting() {
    if isolation == nil, home == nil, moveOn(to: .waiting) == .cancelled { deferred.cancel() }
  }

  private func moveOn(to next: Phase) -> Phase {
    phase.withLock { phase in
      defer { phase = next }
      return phase
    }
  }

  private func cancel(on isolation: isolated any Actor) { deferred.cancel() }
}

extension Deferred {
  /// Runs `body` and fires with what it returns or throws: `inlineCallbacks` by another name.
  ///
  /// The body runs on the caller's actor, at once up to its first suspension; in a function without an actor it stays on the
  /// thread of the reactor that runs there. Where there is neither there is no thread to come back to: a body that suspends there is a
  /// programming error. `cancel()` cancels its task, and the Deferred then fires with what the body makes of that. Twisted:
  /// `inlineCallbacks`, `ensureDeferred`.
  public convenience init(
    isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () async throws -> Value
  ) {
    let home = isolation == nil ? DeferredHomes.current() : nil
    let stray = isolation == nil && home == nil ? Stray() : nil
    var task: Task<Void, Never>?
    self.init(file: file, line: line)
    action = { _, node in
      task?.cancel()
      return node
    }
    // A body without an actor would go on, and fire this, on the global pool.
    task = Task.immediate(executorPreference: home) {
      _ = isolation
      do { self.callback(try await body()) } catch { self.errback(error) }
      stray?.end()
    }
    stray?.mustHaveEnded(file, line)
  }
}

/// A body that belongs to no thread: it may only run at once.
private final class Stray: Sendable {
  private let hasEnded = Mutex(false)

  /// The Deferred has been fired.
  func end() { hasEnded.withLock { $0 = true } }

  func mustHaveEnded(_ file: StaticString, _ line: UInt) {
    require(
      hasEnded.withLock { $0 },
      """
      Deferred { } at \(file):\(line) awaits something where it cannot come back: outside of actors, on a thread where no reactor runs. \
      Write it in a @MainActor function, in an actor, or in a callback
      """)
  }
}
