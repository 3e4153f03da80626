import Measure
import NIOCore
import NIOPosix

/// `scheduleTask` on the event loop's own thread.
func nioTimers() throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  for size in sizes {
    let phases = Phases()
    for _ in 1...size.rounds {
      try loop.flatSubmit { round(pending: size.pending, phases, on: loop) }.wait()
    }
    phases.report(size.name, operations: size.pending * size.rounds)
  }
  try group.syncShutdownGracefully()
}

private func round(pending: Int, _ phases: Phases, on loop: any EventLoop) -> EventLoopFuture<Void> {
  var delays = Delays()
  var calls: [Scheduled<Void>] = []
  calls.reserveCapacity(pending)

  phases.begin()
  for _ in 0..<pending {
    calls.append(loop.scheduleTask(in: .milliseconds(60_000 + delays.next(below: 60_000))) { fail("too early") })
  }
  let pendingCalls = calls
  return loop.turn {
    phases.end("add")
    phases.begin()
    var delays = Delays()
    for _ in 0..<pending {
      loop.scheduleTask(in: .milliseconds(60_000 + delays.next(below: 60_000))) { fail("too early") }.cancel()
    }
  }.flatMap {
    loop.turn {
      phases.end("add and cancel with others pending")
      phases.begin()
      for call in pendingCalls { call.cancel() }
    }
  }.flatMap {
    loop.turn { phases.end("cancel") }
  }.flatMap {
    fire(pending: pending, phases, on: loop)
  }
}

private func fire(pending: Int, _ phases: Phases, on loop: any EventLoop) -> EventLoopFuture<Void> {
  var delays = Delays()
  let left = Countdown(pending)
  let done = loop.makePromise(of: Void.self)
  for _ in 0..<pending {
    loop.scheduleTask(in: .milliseconds(delays.next(below: 10))) {
      left.value -= 1
      if left.value == 0 {
        phases.end("call")
        done.succeed()
      }
    }
  }
  phases.begin()
  return done.futureResult
}

/// Only the event loop touches it.
private final class Countdown: @unchecked Sendable {
  var value: Int
  init(_ value: Int) { self.value = value }
}

extension EventLoop {
  /// Runs `body` in the next turn.
  fileprivate func turn(_ body: @escaping @Sendable () -> Void) -> EventLoopFuture<Void> {
    let done = makePromise(of: Void.self)
    execute {
      body()
      done.succeed()
    }
    return done.futureResult
  }
}
