import Logging
public import SwirlDeferred

/// A moment in the life of a reactor that programs may hook into.
public enum SystemEvent: Sendable, Hashable {
  /// The loop is about to turn for the first time in this run.
  case startup
  /// The loop was asked to stop.
  case shutdown
}

/// When, around a ``SystemEvent``, a trigger is called.
public enum SystemEventPhase: Int, Sendable, Comparable {
  /// First. For a shutdown: stop accepting, finish what is under way. The Deferreds they return are waited for.
  case before
  /// Then. For a shutdown: close what is left.
  case during
  /// Last.
  case after

  /// Whether `a` comes before `b`.
  public static func < (a: SystemEventPhase, b: SystemEventPhase) -> Bool { a.rawValue < b.rawValue }
}

/// A trigger, to take it away again with.
public struct SystemEventTrigger {
  let event: SystemEvent
  let id: Int
}

struct Trigger {
  let id: Int
  let phase: SystemEventPhase
  let site: CallSite
  let runsOnce: Bool
  let body: () throws -> Deferred<Void>?
}

extension Reactor {
  /// Calls `body` before, during or after each startup or shutdown of this reactor, in the order added.
  ///
  /// An error that it throws is logged, and the rest still run. Twisted: `addSystemEventTrigger`.
  @_disfavoredOverload  // A body whose last statement is a Deferred is for the next form.
  @discardableResult
  public func addSystemEventTrigger(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
  ) -> SystemEventTrigger {
    addSystemEventTrigger(phase, event, file: file, line: line, runsOnce: false, body)
  }

  /// Calls `body` before, during or after each startup or shutdown, and waits for the Deferred it returns before going on
  /// to the next phase; all those of a phase are waited for together. A failure is logged. A Deferred in the last
  /// statement is returned without `return` too: see ``DeferredBody``.
  @discardableResult
  public func addSystemEventTrigger<Inner: DeferredType>(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString = #fileID, line: UInt = #line,
    @DeferredBody _ body: @escaping () throws -> Inner
  ) -> SystemEventTrigger {
    add(phase, event, CallSite(file: file, line: line), runsOnce: false) { try body().withoutValue }
  }

  // Disfavored: it only gives a context to a body that returns `.succeed()`.
  /// Calls `body` before, during or after each startup or shutdown, and waits for the Deferred it returns before going on
  /// to the next phase; all those of a phase are waited for together. A failure is logged.
  @_disfavoredOverload
  @discardableResult
  public func addSystemEventTrigger(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString = #fileID, line: UInt = #line,
    @VoidDeferredBody _ body: @escaping () throws -> Deferred<Void>
  ) -> SystemEventTrigger {
    add(phase, event, CallSite(file: file, line: line), runsOnce: false) { try body() }
  }

  /// Takes a trigger away. One that is being called, or was, is not undone.
  public func removeSystemEventTrigger(_ trigger: SystemEventTrigger) {
    guard let index = triggers[trigger.event]?.firstIndex(where: { $0.id == trigger.id }) else { return }
    // Let go of when it is out: what it holds may take others away.
    let removed = triggers[trigger.event]?.remove(at: index)
    withExtendedLifetime(removed) {}
  }

  @discardableResult
  func addSystemEventTrigger(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString, line: UInt, runsOnce: Bool,
    _ body: @escaping () throws -> Void
  ) -> SystemEventTrigger {
    add(phase, event, CallSite(file: file, line: line), runsOnce: runsOnce) {
      try body()
      return nil
    }
  }

  private func add(
    _ phase: SystemEventPhase, _ event: SystemEvent, _ site: CallSite, runsOnce: Bool,
    _ body: @escaping () throws -> Deferred<Void>?
  ) -> SystemEventTrigger {
    nextTriggerID += 1
    triggers[event, default: []].append(
      Trigger(id: nextTriggerID, phase: phase, site: site, runsOnce: runsOnce, body: body))
    return SystemEventTrigger(event: event, id: nextTriggerID)
  }

  /// Calls the triggers of all phases, and `whenDone` when the last phase is over.
  ///
  /// A trigger may add and remove others: what was removed before its turn is not called. When the run ends meanwhile, or
  /// for a startup begins to end, what is left is not called.
  func fire(_ event: SystemEvent, _ phase: SystemEventPhase = .before, whenDone: @escaping () -> Void = {}) {
    let stateMeanwhile = state
    let run = runNumber
    var waits: [Deferred<Void>] = []
    var lastID = 0
    while state == stateMeanwhile, let trigger = nextTrigger(event, phase, after: lastID) {
      lastID = trigger.id
      if trigger.runsOnce { removeSystemEventTrigger(SystemEventTrigger(event: event, id: trigger.id)) }
      perform(at: trigger.site) {
        guard let wait = try trigger.body() else { return }
        waits.append(
          wait.addErrback { Reactor.log.error("the \(event) trigger made at \(trigger.site) failed: \($0)") })
      }
    }
    DeferredList(waits).addCallback { [reference] _ in
      // Nobody says when they fire: the run may be over by then, or another one under way.
      guard let self = reference.reactor, self.runNumber == run, self.state == stateMeanwhile else { return }
      guard let next = SystemEventPhase(rawValue: phase.rawValue + 1) else { return whenDone() }
      self.fire(event, next, whenDone: whenDone)
    }
  }

  /// The first trigger of a phase that was made after another: they stand in the order of their making.
  private func nextTrigger(_ event: SystemEvent, _ phase: SystemEventPhase, after id: Int) -> Trigger? {
    triggers[event]?.first { $0.phase == phase && $0.id > id }
  }

  /// Calls the shutdown triggers; the loop turns on until they are done, and what they have begun on threads.
  func beginShutdown() {
    state = .stopping
    let run = runNumber
    fire(.shutdown) { [unowned self] in
      threadCallsFinished().addCallback { [unowned self] in
        // The run may have been ended by `crash()`, and another one may be under way.
        guard runNumber == run, state == .stopping else { return }
        stopRequested = false
        state = .stopped
      }
    }
  }
}
