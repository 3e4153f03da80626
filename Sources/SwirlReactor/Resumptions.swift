import Dispatch
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
  private let queue = ResumptionQueue()

  /// With as many the first does not wait for the end of the turn.
  private static let most = 64

  mutating func add(_ resumption: Resumption) {
    waiting.append(resumption)
    if waiting.count == Self.most { send() }
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

/// Whether the current task, of `isolation`, resumes on a thread of Swift's pool. Others must not wait for one, which
/// may be busy for long: those of the main actor, of an actor with its own executor, with a preference.
@usableFromInline
func resumesOnPool(_ isolation: (any Actor)?) -> Bool {
  if let isolation { return isolation !== MainActor.shared && isolation.unownedExecutor.isOfDefaultActor }
  return withUnsafeCurrentTask { $0?.unownedTaskExecutor == nil }
}

extension RemoteReactor {
  /// Resumes a task, on the reactor's thread together with the others of this turn.
  @usableFromInline
  func resume(_ resumption: Resumption) {
    if let running { running.resumptions.add(resumption) } else { resumption.resume() }
  }
}

#if os(Linux)
/// Takes a job for the global executor if it is a task that leaves the reactor's thread, such as for an actor of the
/// program; called by the hook for all jobs.
///
/// Such a task has suspended: its piece does nothing more that could wait for the job. A task that starts another one
/// is still running, and is the current one here: that job is not taken. Who has started the task with `Deferred { }`
/// continues, but is a callback, which must not wait.
@_cdecl("swirl_take_leaving_job")
func takeLeavingJob(_ job: UnsafeMutableRawPointer) -> Bool {
  guard let reactor = Reactor.running, reactor.isInPiece else { return false }
  guard withUnsafeCurrentTask(body: { $0 == nil }) else { return false }
  // A job is one pointer, which `UnownedJob` holds.
  reactor.resumptions.add(LeavingJob(unsafeBitCast(job, to: UnownedJob.self)))
  return true
}

/// A task that leaves the reactor's thread.
private final class LeavingJob: Resumption, @unchecked Sendable {
  private let job: UnownedJob

  init(_ job: UnownedJob) { self.job = job }

  override func resume() { globalConcurrentExecutor.enqueue(job) }
}
#endif

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
