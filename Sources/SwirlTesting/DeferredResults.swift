public import SwirlDeferred
public import Testing

/// The value of a Deferred that has succeeded. Twisted: `successResultOf`.
///
/// If it has failed or has no result yet, this records an issue and ends the test, as `#require` does.
@discardableResult
public func successResult<Value>(
  of deferred: Deferred<Value>, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Value {
  switch takeResult(of: deferred) {
  case .success(let value): return value
  case .failure(let error): try fail("a success was expected, but it failed: \(error)", sourceLocation)
  case nil: try fail("a success was expected, but there is no result yet", sourceLocation)
  }
}

/// The error of a Deferred that has failed, and marks the failure as handled. Twisted: `failureResultOf`.
///
/// If it has succeeded or has no result yet, this records an issue and ends the test, as `#require` does.
@discardableResult
public func failureResult<Value>(
  of deferred: Deferred<Value>, sourceLocation: SourceLocation = #_sourceLocation
) throws -> any Error {
  switch takeResult(of: deferred) {
  case .success(let value): try fail("a failure was expected, but it succeeded: \(value)", sourceLocation)
  case .failure(let error): return error
  case nil: try fail("a failure was expected, but there is no result yet", sourceLocation)
  }
}

/// The error of a Deferred that has failed with a `Failure`, and marks the failure as handled.
///
/// On anything else, an error of another type included, this records an issue and ends the test, as `#require` does.
@discardableResult
public func failureResult<Value, Failure: Error>(
  of deferred: Deferred<Value>, as type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Failure {
  let error = try failureResult(of: deferred, sourceLocation: sourceLocation)
  if let error = error as? Failure { return error }
  try fail("a \(type) was expected, but it failed with a \(Swift.type(of: error)): \(error)", sourceLocation)
}

/// Expects that a Deferred has no result yet; and leaves it unchanged. Twisted: `assertNoResult`.
///
/// If it has one, this records an issue; a failure then counts as handled.
public func expectNoResult<Value>(of deferred: Deferred<Value>, sourceLocation: SourceLocation = #_sourceLocation) {
  guard deferred.isFired else { return }
  let result = takeResult(of: deferred)
  Issue.record(
    "no result was expected, but there is one: \(result.map { "\($0)" } ?? "held back")", sourceLocation: sourceLocation
  )
}

/// The result, if there is one; marks a failure as handled. A result held back by `pause()` does not count.
private func takeResult<Value>(of deferred: Deferred<Value>) -> Result<Value, any Error>? {
  guard deferred.isFired else { return nil }
  var result: Result<Value, any Error>?
  // If the stage has its result the callback runs at once. If not, the stage is paused: remove the callback again.
  deferred.addBoth { result = $0 }
  return result
}

/// Records an issue and ends the test. It records an issue only once: the test does not record an error of `#require`
/// again.
private func fail(_ text: String, _ sourceLocation: SourceLocation, isAsExpected: Bool = false) throws -> Never {
  try #require(isAsExpected, "\(text)", sourceLocation: sourceLocation)
  fatalError("not reached: what is required is false")
}
