import Measure
import NIOCore
import NIOPosix

/// An actor whose executor is the event loop, and tasks of the pool that use the loop. The loop is not a task executor.
func nioActor() throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  block {
    let resident = Resident(on: loop)
    try await resident.awaitOnTheThread()
    try await awaitFromThePool("there and back", scale) { try await loop.submit { 1 }.get() }
    try await awaitFromThePool("a result of the next turn", scale) {
      try await loop.flatSubmit { soon(1, on: loop) }.get()
    }
    try await awaitFromThePool("an actor of the loop", scale) { await resident.next() }
    await startTasks("tasks for an actor, in a row", scale) { countdown in
      Task { await resident.down(countdown) }
    }
  }
  try group.syncShutdownGracefully()
}

/// Fulfilled in the next turn.
func soon(_ index: Int, on loop: any EventLoop) -> EventLoopFuture<Int> {
  let promise = loop.makePromise(of: Int.self)
  loop.execute { promise.succeed(index) }
  return promise.futureResult
}

private actor Resident {
  private let loop: any EventLoop
  private var number = 0

  init(on loop: any EventLoop) { self.loop = loop }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

  func awaitOnTheThread() async throws {
    try await Hops.awaitOnTheThread(scale) { try await self.soon($0).get() }
  }

  /// It has a side effect: the compiler would remove an unobservable hop.
  func next() -> Int {
    number &+= 1
    return number
  }

  private func soon(_ index: Int) -> EventLoopFuture<Int> { Hops.soon(index, on: loop) }

  func down(_ countdown: Countdown) { countdown.down() }
}
