import SwirlReactor
import Testing

extension Reactor {
  /// Runs the loop; a test that does not stop it fails instead of hanging.
  func runGuarded(atMost duration: Duration = .seconds(30), sourceLocation: SourceLocation = #_sourceLocation) {
    let watch = callLater(duration) {
      Issue.record("nothing stopped the reactor", sourceLocation: sourceLocation)
      self.crash()
    }
    run()
    watch.cancel()
  }

  /// Runs the loop for `turns` turns, including the work that they start.
  func runTurns(_ turns: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    var left = turns
    func count() {
      left -= 1
      if left <= 0 { stop() } else { callSoon { count() } }
    }
    callSoon { count() }
    runGuarded(sourceLocation: sourceLocation)
  }
}
