import Logging
public import SwirlDeferred

/// A moment in the life of a reactor, for triggers.
public enum SystemEvent: Sendable, Hashable {
  /// The loop is about to turn for the first time in this run.
  case startup
  /// The loop was asked to stop.
  case shutdown
}

/// The phase of a ``SystemEvent`` in which a trigger runs.
public enum SystemEventPhase: Int, Sendable, Comparable {
  /// First. For a shutdown: stop accepting, finish work in progress. The reactor waits for the triggers' Deferreds.
  case before
  /// Second. For a shutdown: close the rest.
  case during
  /// Last.
  case after

  /// Whether `a` comes before `b`.
  public static func < (a: SystemEventPhase, b: SystemEventPhase) -> Bool { a.rawValue < b.rawValue }
}

/// A trigger, for ``Reactor/removeSystemEventTrigger(_:)``.
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
  /// Calls `body` before, during or after each startup or shutdown of this reactor, in FIFO order.
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

  /// Calls `body` before, during or after each startup or shutdown, and waits for the Deferred it returns before the
  /// next phase; it waits for all Deferreds of a phase together. A failure is logged. A Deferred in the last statement
  /// needs no `return`: see `DeferredBody`.
  @discardableResult
  public func addSystemEventTrigger<Inner: DeferredType>(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString = #fileID, line: UInt = #line,
    @DeferredBody _ body: @escaping () throws -> Inner
  ) -> SystemEventTrigger {
    add(phase, event, CallSite(file: file, line: line), runsOnce: false) { try body().withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Calls `body` before, during or after each startup or shutdown, and waits for the Deferred it returns before the
  /// next phase; it waits for all Deferreds of a phase together. A failure is logged.
  @_disfavoredOverload
  @discardableResult
  public func addSystemEventTrigger(
    _ phase: SystemEventPhase, _ event: SystemEvent, file: StaticString = #fileID, line: UInt = #line,
    @VoidDeferredBody _ body: @escaping () throws -> Deferred<Void>
  ) -> SystemEventTrigger {
    add(phase, event, CallSite(file: file, line: line), runsOnce: false) { try body() }
  }

  /// Removes a trigger. It has no effect on one that is running or has run.
  public func removeSystemEventTrigger(_ trigger: SystemEventTrigger) {
    guard let index = triggers[trigger.event]?.firstIndex(where: { $0.id == trigger.id }) else { return }
    // Released after its removal: its captures may remove other triggers.
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
  /// A trigger may add and remove others: a trigger removed before its turn does not run. If the run ends meanwhile, or
  /// for a startup starts to end, the remaining triggers do not run.
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
          wait.addErrback { [reference] in
            reference.reactor?.report(CallbackError(.trigger, $0, at: trigger.site))
          })
      }
    }
    DeferredList(waits).addCallback { [reference] _ in
      // They may fire at any time: the run may have ended by then, or another one started.
      guard let self = reference.reactor, self.runNumber == run, self.state == stateMeanwhile else { return }
      guard let next = SystemEventPhase(rawValue: phase.rawValue + 1) else { return whenDone() }
      self.fire(event, next, whenDone: whenDone)
    }
  }

  /// The first trigger of a phase after the one with this number: they are in FIFO order.
  private func nextTrigger(_ event: SystemEvent, _ phase: SystemEventPhase, after id: Int) -> Trigger? {
    triggers[event]?.first { $0.phase == phase && $0.id > id }
  }

  /// Calls the shutdown triggers; the loop continues until they have ended, and their calls on threads.
  func beginShutdown() {
    state = .stopping
    let run = runNumber
    fire(.shutdown) { [unowned self] in
      threadCallsFinished().addCallback { [unowned self] in
        // `crash()` may have ended the run, and another one may have started.
        guard runNumber == run, state == .stopping else { return }
        stopRequested = false
        state = .stopped
      }
    }
  }
}
