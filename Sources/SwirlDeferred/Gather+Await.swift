// The awaited forms of `gather`: `let (page, count) = try await gather(fetch(url), counting)`.
//
// Callers never pass `isolation`. It makes these functions run on the caller's actor, so that no Deferred is sent.

/// Returns the values of all `deferreds`, in their order; throws a ``FirstError`` as soon as one fails.
///
/// Cancelling the task cancels all. To call `gatherResults(_:)` without `await` in an async function, give its type:
/// `let all: Deferred = gatherResults(pages)`. asyncio: `await gather(*pages)`.
public func gatherResults<Value>(
  _ deferreds: [Deferred<Value>], isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> [Value] {
  let all: Deferred = gatherResults(deferreds, file: file, line: line)
  return try await all.value
}

/// Returns the values of two Deferreds of different types; throws the failure of the first that fails. Cancelling the
/// task cancels all. asyncio: `await gather(a, b)`.
public func gather<A, B>(
  _ a: Deferred<A>, _ b: Deferred<B>, isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID,
  line: UInt = #line
) async throws -> (A, B) {
  let all: Deferred = gather(a, b, file: file, line: line)
  return try await all.value
}

/// Returns the values of three Deferreds of different types; see the form for two.
public func gather<A, B, C>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, isolation: isolated (any Actor)? = #isolation,
  file: StaticString = #fileID, line: UInt = #line
) async throws -> (A, B, C) {
  let all: Deferred = gather(a, b, c, file: file, line: line)
  return try await all.value
}

/// Returns the values of four Deferreds of different types; see the form for two.
public func gather<A, B, C, D>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, _ d: Deferred<D>,
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> (A, B, C, D) {
  let all: Deferred = gather(a, b, c, d, file: file, line: line)
  return try await all.value
}

/// Returns the values of five Deferreds of different types; see the form for two.
public func gather<A, B, C, D, E>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, _ d: Deferred<D>, _ e: Deferred<E>,
  isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line
) async throws -> (A, B, C, D, E) {
  let all: Deferred = gather(a, b, c, d, e, file: file, line: line)
  return try await all.value
}
