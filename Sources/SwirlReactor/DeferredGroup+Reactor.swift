public import SwirlCoordination
import SwirlDeferred

extension DeferredGroup {
  /// A group that is cancelled when `reactor` is stopped, as by Ctrl-C; the reactor waits until all have ended.
  public convenience init(cancelledBy reactor: Reactor) {
    self.init()
    let trigger = reactor.addSystemEventTrigger(.before, .shutdown) { [weak self] () -> Deferred<Void> in
      guard let self else { return .succeed() }
      cancel()
      return join()
    }
    whenReleased = { [reference = reactor.reference] in reference.reactor?.removeSystemEventTrigger(trigger) }
  }
}
