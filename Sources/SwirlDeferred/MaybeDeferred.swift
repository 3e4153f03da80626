/// Calls `function` and gives the Deferred it returns, or a failed one with the error it throws.
@_disfavoredOverload
@inlinable public func maybeDeferred<Value>(
  file: StaticString = #fileID, line: UInt = #line, _ function: () throws -> Deferred<Value>
) -> Deferred<Value> {
  do { return try function() } catch { return .fail(error, file: file, line: line) }
}

/// Calls `function` and gives its outcome as a Deferred: its return value is the success, a thrown error the failure.
/// Twisted: `maybeDeferred`.
@inlinable public func maybeDeferred<Value>(
  file: StaticString = #fileID, line: UInt = #line, _ function: () throws -> Value
) -> Deferred<Value> {
  do { return .succeed(try function(), file: file, line: line) } catch { return .fail(error, file: file, line: line) }
}

/// Calls `function` and gives the Deferred it returns, or a failed one with the error it throws.
@inlinable public func maybeDeferred<Inner: DeferredType>(
  file: StaticString = #fileID, line: UInt = #line, _ function: () throws -> Inner
) -> Deferred<Inner.Value> {
  do { return try function().asDeferred } catch { return .fail(error, file: file, line: line) }
}
