package import SwirlDeferred

/// The executors that a piece of a task is told it runs on. Where they are those of its actor and of its preference, it goes
/// on to the actor without being queued for it.
struct TaskPlace: Sendable {
  let serialExecutor: UnownedSerialExecutor?
  let taskExecutor: UnownedTaskExecutor?

  init(_ serialExecutor: UnownedSerialExecutor?, _ taskExecutor: UnownedTaskExecutor?) {
    self.serialExecutor = serialExecutor
    self.taskExecutor = taskExecutor
  }
}

/// A piece of a task, which runs once.
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

/// Where tasks wait without a continuation of Swift's, which would come back through the global executor, and so through another
/// thread, before it gets to its actor.
///
/// The task goes to this actor, whose executor does not run it but keeps it; when it is time the piece runs as one of the actor
/// that it came from, and goes on there at once. SE-0392: when and where a job runs is its executor's affair.
actor TaskPark {
  /// Keeps what it is given.
  private final class Executor: SerialExecutor {
    // Only touched on the thread of the park: set right before the step that enqueues, by which it is taken.
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

  // What this does must need the actor, or it would be called without going there.
  fileprivate func pass() { passed &+= 1 }
}

/// A task that waits in a park.
///
/// Unchecked: it is touched on the thread of its reactor only, or by who lets go of it last when that is no more.
package final class ParkedTask: TaskAtHome, @unchecked Sendable {
  private let remote: RemoteReactor
  private let place: TaskPlace
  fileprivate var job: UnownedJob?
  private var isOver = false
  /// What cancelling cancels.
  private var awaited: (any CancellableCall)?

  /// The current task, of `isolation`; nil where it would not come back to this thread of its own accord.
  package init?(at remote: RemoteReactor, of isolation: (any Actor)?) {
    let preference = withUnsafeCurrentTask { $0?.unownedTaskExecutor }
    guard let place = remote.place(of: isolation, preferring: preference) else { return nil }
    self.remote = remote
    self.place = place
  }

  package func wait(for awaited: any CancellableCall, on isolation: isolated (any Actor)?) async {
    self.awaited = awaited
    await withTaskCancellationHandler {
      // Captured, so that this, too, is on the caller's actor.
      _ = isolation
      // What it waits for may have come on the way here.
      if isOver { return self.awaited = nil }
      remote.park.expect(self)
      await remote.park.pass()
    } onCancel: {
      // In a later turn even on this thread: cancelling calls others, and the runtime holds a lock of the task's here.
      remote.callAtHome { [self] in self.awaited?.cancel() }
    }
  }

  package func resume() {
    isOver = true
    awaited = nil
    if let job = job.take() { remote.goOn(TaskPiece(job, at: place)) }
  }
}
