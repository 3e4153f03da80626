public import SwirlDeferred
public import Testing

/// The value of a Deferred that has succeeded. Twisted: `successResultOf`.
///
/// When it has failed, or has no result yet, that is an issue of the test, which ends with it as with `#require`.
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

/// The error of a Deferred that has failed, which counts as handled from now on. Twisted: `failureResultOf`.
///
/// When it has succeeded, or has no result yet, that is an issue of the test, which ends with it as with `#require`.
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

/// The error of a Deferred that has failed with a `Failure`, which counts as handled from now on.
///
/// Anything else, an error of another type included, is an issue of the test, which ends with it as with `#require`.
@discardableResult
public func failureResult<Value, Failure: Error>(
  of deferred: Deferred<Value>, as type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation
) throws -> Failure {
  let error = try failureResult(of: deferred, sourceLocation: sourceLocation)
  if let error = error as? Failure { return error }
  try fail("a \(type) was expected, but it failed with a \(Swift.type(of: error)): \(error)", sourceLocation)
}

/// Expects that a Deferred has no result yet; it is left as it was. Twisted: `assertNoResult`.
///
/// When it has one, that is recorded as an issue of the test; a failure then counts as handled.
public func expectNoResult<Value>(of deferred: Deferred<Value>, sourceLocation: SourceLocation = #_sourceLocation) {
  guard deferred.isFired else { return }
  let result = takeResult(of: deferred)
  Issue.record(
    "no result was expected, but there is one: \(result.map { "\($0)" } ?? "held back")", sourceLocation: sourceLocation
  )
}

/// The result, if it is there: a failure counts as handled. One that is held back by `pause()` is not there.
private func takeResult<Value>(of deferred: Deferred<Value>) -> Result<Value, any Error>? {
  guard deferred.isFired else { return nil }
  var result: Result<Value, any Error>?
  // On a stage that has its result this runs at once. When it does not, the stage is held back; it is taken out of the way.
  deferred.addBoth { result = $0 }
  return result
}

/// Records an issue and ends the test with it, once: an error that `#require` has thrown is not recorded again.
private func fail(_ text: String, _ sourceLocation: SourceLocation, isAsExpected: Bool = false) throws -> Never {
  try #require(isAsExpected, "\(text)", sourceLocation: sourceLocation)
  fatalError("not reached: what is required is false")
}
