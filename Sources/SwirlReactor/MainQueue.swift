import CSwirlSystem
import Dispatch
import SwirlDeferred
import SwirlPlatform

/// Runs the main dispatch queue, and so the main actor, from the main reactor while that runs.
///
/// libdispatch makes a descriptor readable when the queue has work, for run loops such as CoreFoundation's; this does
/// what they do.
struct MainQueue {
  /// Refuses to run the main reactor where the main queue could not be run with it.
  static func checkMayRun() {
    require(
      withUnsafeCurrentTask { $0 == nil },
      """
      reactor.run() was called from a task of the main actor, which could not go on, nor any other, while it runs: \
      await what you need in the task, or call reactor.run() from the top level of main.swift
      """)
    // After dispatchMain(), other threads take turns in running the main queue.
    require(
      isMainThread,
      "the main reactor runs on the main thread only: call reactor.run() from the top level of main.swift")
  }

  #if os(Linux)
  private let event: FileEvent

  init(of reactor: Reactor) {
    let descriptor = _dispatch_get_main_queue_handle_4CF()
    event = reactor.fileEvent(descriptor, .read) {
      var count: UInt64 = 0
      _ = read(descriptor, &count, 8)
      _dispatch_main_queue_callback_4CF(nil)
    }
    event.enable()
  }

  /// Runs what was queued before the run: that made the descriptor readable only if the queue had been set up for it.
  func drain() { _dispatch_main_queue_callback_4CF(nil) }

  func close() { event.close() }
  #else
  private let reactor: Reactor

  /// Elsewhere the queue has no descriptor: it is run once a millisecond.
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
/// Runs the main reactor on the main thread of a program whose `main` is async, in the place of `dispatchMain()`.
///
/// Called by the hook that `Reactor.main` sets when it is made, once `main` has suspended. Until `stop()`; then `dispatchMain()` follows,
/// so that the main actor goes on.
@_cdecl("swirl_run_main_reactor")
func runMainReactorForAsyncMain() {
  // On the main thread, outside of any task.
  MainActor.assumeIsolated { Reactor.main.run(handlingSignals: false) }
}
#endif
