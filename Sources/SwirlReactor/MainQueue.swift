import CSwirlSystem
import Dispatch
import SwirlDeferred
import SwirlPlatform

/// Runs the main dispatch queue, and so the main actor, from the running main reactor.
///
/// libdispatch makes a descriptor readable when the queue has work, for run loops such as CoreFoundation's; this works
/// the same way.
struct MainQueue {
  /// Traps if the main queue could not run together with the main reactor.
  static func checkMayRun() {
    require(
      withUnsafeCurrentTask { $0 == nil },
      """
      reactor.run() was called from a task of the main actor, which could not go on, nor any other, while it runs: \
      await what you need in the task, or call reactor.run() from the top level of main.swift
      """)
    // After dispatchMain(), other threads run the main queue.
    require(
      isMainThread,
      "the main reactor runs on the main thread only: call reactor.run() from the top level of main.swift")
  }

  #if os(Linux)
  private let event: FileEvent

  init(of reactor: Reactor) {
    // One for the queue, three for timers of tasks: without them libdispatch traps without a message.
    DescriptorLimit.requireFree(4, for: "the main dispatch queue and Task.sleep")
    let descriptor = _dispatch_get_main_queue_handle_4CF()
    event = reactor.fileEvent(descriptor, .read) {
      var count: UInt64 = 0
      _ = read(descriptor, &count, 8)
      _dispatch_main_queue_callback_4CF(nil)
    }
    event.enable()
  }

  /// Runs blocks queued before the run: they made the descriptor readable only if the queue was set up for it.
  func drain() { _dispatch_main_queue_callback_4CF(nil) }

  func close() { event.close() }
  #else
  private let reactor: Reactor

  /// On other systems the queue has no descriptor: it runs once per millisecond.
  init(of reactor: Reactor) {
    self.reactor = reactor
    tick()
  }

  func drain() { _dispatch_main_queue_callback_4CF(nil) }

  private func tick() {
    drain()
    reactor.callLater(.milliseconds(1)) { [self] in if reactor.isRunning { tick() } }
  }

  func close() {}
  #endif
}

#if os(Linux)
/// Runs the main reactor on the main thread of a program whose `main` is async, in place of `dispatchMain()`.
///
/// The hook that `Reactor.main` sets calls it once `main` has suspended. It runs until `stop()`; then `dispatchMain()`
/// follows, so that the main actor continues.
@_cdecl("swirl_run_main_reactor")
func runMainReactorForAsyncMain() {
  // On the main thread, outside of any task.
  MainActor.assumeIsolated {
    Reactor.main.runsForAsyncMain = true
    Reactor.main.run(handlingSignals: false)
    Reactor.main.runsForAsyncMain = false
  }
}
#endif
