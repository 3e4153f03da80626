import Measure
import NIOCore
import NIOPosix

/// `scheduleTask` on the event loop's own thread. Cancelling one searches all pending timers, so at a million there is
/// time for only some. The rest end with the event loop; each round has a new loop.
func nioTimers() throws {
  for size in sizes {
    let phases = Phases()
    for _ in 1...size.rounds {
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let loop = group.next()
      try loop.flatSubmit { round(pending: size.pending, phases, on: loop) }.wait()
      try group.syncShutdownGracefully()
      let other = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let empty = other.next()
      try empty.flatSubmit { fire(pending: size.pending, phases, on: empty) }.wait()
      try other.syncShutdownGracefully()
    }
    phases.report(size.name)
  }
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
    phases.end("add", operations: pending)
    phases.begin()
    var delays = Delays()
    return atMost(pending) { _ in
      loop.scheduleTask(in: .milliseconds(60_000 + delays.next(below: 60_000))) { fail("too early") }.cancel()
    }
  }.flatMap { done in
    loop.turn {
      phases.end("add and cancel with others pending", operations: done)
      phases.begin()
      return atMost(pending) { pendingCalls[$0].cancel() }
    }
  }.flatMap { done in
    loop.turn {
      phases.end("cancel", operations: done)
      return done
    }
  }.map { _ in }
}

/// Repeats `body` `count` times or for a second; returns the number of calls.
private func atMost(_ count: Int, _ body: (Int) -> Void) -> Int {
  let end = monotonicSeconds() + 1
  for index in 0..<count {
    if index & 63 == 63, monotonicSeconds() > end { return index }
    body(index)
  }
  return count
}

private func fire(pending: Int, _ phases: Phases, on loop: any EventLoop) -> EventLoopFuture<Void> {
  var delays = Delays()
  let left = Countdown(pending)
  let done = loop.makePromise(of: Void.self)
  for _ in 0..<pending {
    loop.scheduleTask(in: .milliseconds(delays.next(below: 10))) {
      left.value -= 1
      if left.value == 0 {
        phases.end("call", operations: pending)
        done.succeed()
      }
    }
  }
  phases.begin()
  return done.futureResult
}

/// Only the event loop accesses it.
private final class Countdown: @unchecked Sendable {
  var value: Int
  init(_ value: Int) { self.value = value }
}

extension EventLoop {
  /// Runs `body` in the next turn.
  fileprivate func turn(_ body: @escaping @Sendable () -> Int) -> EventLoopFuture<Int> {
    let done = makePromise(of: Int.self)
    execute { done.succeed(body()) }
    return done.futureResult
  }
}
