import SwirlDeferred
import SwirlReactor
import Testing

extension Reactor {
  /// Runs the loop until `deferred` has its result.
  func result<Value>(of deferred: Deferred<Value>) throws -> Value {
    var result: Result<Value, any Error>?
    deferred.addBoth { outcome in
      result = outcome
      self.stop()
    }
    if result == nil { run() }
    return try #require(result).get()
  }
}
