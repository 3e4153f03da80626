// The verbs of the chain. Each has three forms, in the order that the type checker needs: a chain is a single
// expression, and Scripts/type-checking limits the cost of each form.
//
// - The form on `Deferred<Out>` is disfavored. It provides the type context for a closure that returns `.succeed(x)`.
// - The form on `Out` takes any other return value, a closure without `return` included.
// - The form on `DeferredType` takes any Deferred. `Void` does not conform, so a closure without `return` never matches
//   it.

extension Deferred {
  // MARK: - addCallback

  /// Calls `callback` with the success and waits for the Deferred it returns; a failure skips it.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    addWaiting(callback, nil, file: file, line: line)
  }

  /// Calls `callback` with the success; a failure skips it.
  ///
  /// Its return value is the success of the returned stage, an error that it throws the failure. It runs on the thread
  /// that fires, or at once if the result is known.
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(value: $1) }
      })
  }

  /// Calls `callback` with the success and waits for the Deferred it returns; a failure skips it.
  @discardableResult
  @inlinable public final func addCallback<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Inner
  ) -> Deferred<Inner.Value> {
    addWaiting(callback, nil, file: file, line: line)
  }

  // MARK: - addCallbacks

  /// Calls `callback` with the success or `errback` with the failure, and waits for the Deferred it returns.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addCallbacks<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Deferred<Out>,
    _ errback: @escaping (any Error) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    addWaiting(callback, errback, file: file, line: line)
  }

  /// Calls `callback` with the success or `errback` with the failure, never both: an error that `callback` throws is
  /// the failure of the next stage.
  @discardableResult
  @inlinable public final func addCallbacks<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out,
    _ errback: @escaping (any Error) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(value: $1) }
      })
  }

  /// Calls `callback` with the success or `errback` with the failure, and waits for the Deferred it returns.
  @discardableResult
  @inlinable public final func addCallbacks<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Inner,
    _ errback: @escaping (any Error) throws -> Inner
  ) -> Deferred<Inner.Value> {
    addWaiting(callback, errback, file: file, line: line)
  }

  // MARK: - addBoth

  /// Calls `function` with the success or failure, and waits for the Deferred it returns; a failure counts as handled.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    addWaitingBoth(function, file: file, line: line)
  }

  /// Calls `function` with the success or failure; a failure counts as handled.
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Result<Value, any Error>, Out, Out>(function, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Result<Value, any Error>, Out, Out>.runBoth(upstream, node) { $0.settle(value: $1) }
      })
  }

  /// Calls `function` with the success or failure, and waits for the Deferred it returns; a failure counts as handled.
  @discardableResult
  @inlinable public final func addBoth<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Inner
  ) -> Deferred<Inner.Value> {
    addWaitingBoth(function, file: file, line: line)
  }

  // MARK: - Stages that wait

  @inline(__always) @inlinable final func addWaiting<Inner: DeferredType>(
    _ callback: @escaping (Value) throws -> Inner, _ errback: ((any Error) throws -> Inner)?,
    file: StaticString, line: UInt
  ) -> Deferred<Inner.Value> {
    add(
      Stage<Value, Inner.Value, Inner>(callback, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Inner.Value, Inner>.runCallbacks(upstream, node) { $0.settle(from: $1.asDeferred) }
      })
  }

  @inline(__always) @inlinable final func addWaitingBoth<Inner: DeferredType>(
    _ function: @escaping (Result<Value, any Error>) throws -> Inner, file: StaticString, line: UInt
  ) -> Deferred<Inner.Value> {
    add(
      Stage<Result<Value, any Error>, Inner.Value, Inner>(function, nil, origin: DeferredOrigin(file, line)) {
        upstream, node in
        Stage<Result<Value, any Error>, Inner.Value, Inner>.runBoth(upstream, node) { $0.settle(from: $1.asDeferred) }
      })
  }
}

extension AnyDeferred {
  /// Adds `stage` to this node and returns it.
  @inline(__always) @inlinable final func add<Out>(_ stage: Deferred<Out>) -> Deferred<Out> {
    add(stage as AnyDeferred)
    return stage
  }
}
