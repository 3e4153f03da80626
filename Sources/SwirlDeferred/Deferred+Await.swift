import Synchronization

extension Deferred {
  /// The result, for async code. It throws a failure, which counts as handled.
  ///
  /// Runs on the caller's actor and stays there: the Deferred is not sent. Cancelling the task cancels the Deferred, on
  /// the same actor, and this throws the result: ``CancelledError`` unless the canceller fires another. At the top
  /// level of a `main.swift`, and in an async `main`, the main reactor runs while this waits. Awaiting a Deferred that
  /// never fires never ends; the first await of the main actor on a Deferred that no work can fire is reported after
  /// three seconds (``DeferredReport/Code/nothingToFireIt``). Twisted: `await deferred`.
  public final var value: Value {
    get async throws {
      await settled(on: #isolation)
      if let failure { throw failure.handled() }
      precondition(flags.contains(.value), "an awaited Deferred was resumed unfired")
      return storedValue
    }
  }
}

extension AnyDeferred {
  /// Suspends until the callbacks of this stage run.
  ///
  /// The `isolated` parameter makes it run on the caller's actor before it accesses anything. Not generic, because
  /// generic code would look up type metadata at each await.
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
    // Without this preference, a task without an actor, or with one elsewhere, would resume on another thread.
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

/// Carries the cancellation of a task, which may arrive on any thread, to the thread of the Deferred.
///
/// Unchecked, because the Deferred is only accessed there: on its actor, otherwise on the thread of the reactor where
/// it is awaited. With neither it belongs to the task alone: only once the task is suspended can the cancelling thread,
/// and no other, reach the Deferred.
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

  /// Called when the task is cancelled.
  func cancel() {
    if let isolation {
      Task { await cancel(on: isolation) }
    } else if let home {
      Task(executorPreference: home) { @concurrent in self.deferred.cancel() }
    } else if moveOn(to: .cancelled) == .waiting {
      deferred.cancel()
    }
  }

  /// From here the task does not access the Deferred until it is resumed.
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
  /// Runs `body` and fires with its return value or error.
  ///
  /// The body runs on the caller's actor, at once up to its first suspension. In a nonisolated function it stays on the
  /// thread of the reactor that runs there. With neither it has no thread to resume on: a body that suspends then
  /// traps. `cancel()` cancels its task, and the Deferred fires with the body's result. Twisted: `inlineCallbacks`,
  /// `ensureDeferred`.
  public convenience init(
    isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () async throws -> Value
  ) {
    // A nonisolated body would resume, and fire this, on the global pool.
    let home = isolation == nil ? DeferredHomes.current() : nil
    let stray = isolation == nil && home == nil ? Stray() : nil
    var task: Task<Void, Never>?
    self.init(file: file, line: line)
    action = { _, node in
      task?.cancel()
      return node
    }
    task = Task.immediate(executorPreference: home) {
      _ = isolation
      do { self.callback(try await body()) } catch { self.errback(error) }
      stray?.end()
    }
    stray?.mustHaveEnded(file, line)
  }
}

/// A body started outside any actor and reactor. It must finish synchronously.
private final class Stray: Sendable {
  private let hasEnded = Mutex(false)

  /// Called when the Deferred has been fired.
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
