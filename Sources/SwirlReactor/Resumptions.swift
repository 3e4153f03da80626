import Dispatch
import SwirlPlatform
import Synchronization

/// A task on another thread, to be resumed with the result it awaits.
///
/// Unchecked: the reactor's thread passes it on, and no longer accesses it.
@usableFromInline
package class Resumption: @unchecked Sendable {
  @inlinable
  init() {}

  /// Called once, on any thread.
  @usableFromInline
  func resume() { preconditionFailure("a resumption without a task") }
}

/// The tasks on other threads whose results have arrived: they are resumed together, behind the calls of a turn and
/// behind its events, in FIFO order.
///
/// Each by itself would wake a thread of the pool, which on a busy core takes the loop's place, has one result to work
/// on, and sleeps again: a futex and two changes of thread a result. Together they are resumed on such a thread, whose
/// tasks start where they are.
struct Resumptions {
  private var waiting: [Resumption] = []
  /// When the first of them came.
  private var since: Int64 = 0
  private let queue = ResumptionQueue()

  /// With as many the first does not wait for the end of the turn.
  private static let most = 64
  /// How many nanoseconds of callbacks the first waits for: it must not wait for those that compute.
  private static let longest = 200_000

  mutating func add(_ resumption: Resumption) {
    if waiting.isEmpty { since = SystemClock.monotonic }
    waiting.append(resumption)
    if waiting.count == Self.most { send() }
  }

  /// Resumes them if the callbacks since the first have taken long. Returns whether some wait.
  mutating func sendIfDue() -> Bool {
    if waiting.isEmpty { return false }
    if SystemClock.monotonic - since < Self.longest { return true }
    send()
    return false
  }

  /// Resumes them. One that is alone is resumed here, without the way through another thread.
  mutating func send() {
    if waiting.isEmpty { return }
    if waiting.count == 1, queue.isIdle {
      waiting.removeLast().resume()
    } else {
      queue.resume(waiting)
      waiting = []
      waiting.reserveCapacity(Self.most)
    }
  }
}

/// Whether the current task, of `isolation`, resumes on the pool's threads of medium priority, the ones that results
/// come by. Others must not wait for these, which may be busy for long: those of the main actor, of an actor with its
/// own executor, with a preference, of another priority.
@usableFromInline
func resumesOnPool(_ isolation: (any Actor)?) -> Bool {
  if let isolation, isolation === MainActor.shared || !isolation.unownedExecutor.isOfDefaultActor { return false }
  return withUnsafeCurrentTask { task in
    guard let task else { return false }
    return task.unownedTaskExecutor == nil && task.priority == .medium
  }
}

extension RemoteReactor {
  /// Resumes a task, on the reactor's thread together with the others of this turn.
  @usableFromInline
  func resume(_ resumption: Resumption) {
    if let running { running.resumeTogether(resumption) } else { resumption.resume() }
  }
}

/// Resumes tasks on another thread, in FIFO order.
private final class ResumptionQueue: Sendable {
  // On the queue of tasks: these then start on its thread.
  private let queue = DispatchQueue(label: "swirl.reactor.results", target: .global())
  private let batches = Atomic(0)

  /// Whether all have been resumed.
  var isIdle: Bool { batches.load(ordering: .acquiring) == 0 }

  func resume(_ batch: [Resumption]) {
    batches.add(1, ordering: .relaxed)
    queue.async { [self] in
      for resumption in batch { resumption.resume() }
      batches.subtract(1, ordering: .releasing)
    }
  }
}
