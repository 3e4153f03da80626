package import SwirlDeferred

/// The executors that a job runs on, as reported to the runtime. If they are those of its actor and its preference, the
/// task switches to the actor without being enqueued again.
struct TaskPlace: Sendable {
  let serialExecutor: UnownedSerialExecutor?
  let taskExecutor: UnownedTaskExecutor?

  init(_ serialExecutor: UnownedSerialExecutor?, _ taskExecutor: UnownedTaskExecutor?) {
    self.serialExecutor = serialExecutor
    self.taskExecutor = taskExecutor
  }
}

/// A job of a task, which runs once.
struct TaskPiece: Sendable {
  let job: UnownedJob
  let place: TaskPlace

  init(_ job: UnownedJob, at place: TaskPlace) {
    self.job = job
    self.place = place
  }

  func run() {
    switch (place.serialExecutor, place.taskExecutor) {
    case (let serial?, let task?): job.runSynchronously(isolatedTo: serial, taskExecutor: task)
    case (let serial?, nil): job.runSynchronously(on: serial)
    case (nil, let task?): job.runSynchronously(on: task)
    case (nil, nil): preconditionFailure("a piece of a task runs on some executor")
    }
  }
}

/// Suspends tasks without Swift's continuations, which would resume through the global executor, and so another thread,
/// before they reach their actor.
///
/// The task hops to this actor, whose executor stores the job instead of running it. Later the job runs as one of its
/// original actor, and continues there at once. SE-0392: an executor decides when and where a job runs.
actor TaskPark {
  /// Stores its job.
  private final class Executor: SerialExecutor {
    // Only accessed on the park's thread: set right before the hop, whose enqueue takes it.
    nonisolated(unsafe) var coming: ParkedTask?

    func enqueue(_ job: consuming ExecutorJob) {
      guard let coming = coming.take() else { preconditionFailure("a task came to the park by itself") }
      coming.job = UnownedJob(job)
    }
  }

  private nonisolated let executor = Executor()
  private var passed = 0

  init() {}

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  fileprivate nonisolated func expect(_ task: ParkedTask) { executor.coming = task }

  // The body must access the actor's state, or the compiler would drop the hop.
  fileprivate func pass() { passed &+= 1 }
}

/// A suspended task.
///
/// Unchecked: only the reactor's thread accesses it, or after the reactor is released, the last release.
package final class ParkedTask: TaskAtHome, @unchecked Sendable {
  private let remote: RemoteReactor
  private let place: TaskPlace
  // Exempt from run-time checks for overlapping access: nothing runs while one of these is read or set.
  @exclusivity(unchecked) fileprivate var job: UnownedJob?
  @exclusivity(unchecked) private var isOver = false
  /// The work that cancelling cancels.
  @exclusivity(unchecked) private var awaited: (any CancellableCall)?

  /// The current task, of `isolation`; nil if it would not resume on this thread by itself.
  package init?(at remote: RemoteReactor, of isolation: (any Actor)?) {
    let preference = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
    guard let place = remote.place(of: isolation, preferring: preference) else { return nil }
    self.remote = remote
    self.place = place
  }

  package func wait(for awaited: any CancellableCall, on isolation: isolated (any Actor)?) async {
    self.awaited = awaited
    await withTaskCancellationHandler {
      // Captured, so that this closure, too, is on the caller's actor.
      _ = isolation
      // The result may have arrived during the hop.
      if isOver { return self.awaited = nil }
      remote.park.expect(self)
      await remote.park.pass()
    } onCancel: {
      // In a later turn even on this thread: cancelling runs callbacks, and the runtime holds the task's lock here.
      remote.callAtHome { [self] in self.awaited?.cancel() }
    }
  }

  package func resume() {
    isOver = true
    awaited = nil
    if let job = job.take() { remote.goOn(TaskPiece(job, at: place)) }
  }
}
