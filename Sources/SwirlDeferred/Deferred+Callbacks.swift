// The verbs of the chain: for each, a form whose function returns a value and one whose function returns a Deferred. More
// overloads would be kinder one by one and worse together: a chain is one expression to the type checker.

extension Deferred {
  // MARK: - addCallback

  /// Calls `callback` with the success; a failure passes by.
  ///
  /// What it returns is the success of the stage returned here, what it throws its failure. It runs on the thread that
  /// fires, or at once when the result is there.
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, nil, file: file, line: line) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `callback` with the success and waits for the Deferred it returns; a failure passes by.
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Deferred<Out>>(callback, nil, file: file, line: line) { upstream, node in
        Stage<Value, Out, Deferred<Out>>.runCallbacks(upstream, node) { $0.settle(from: $1) }
      })
  }

  // MARK: - addErrback

  /// Calls `errback` with the failure, which counts as handled; a success passes by.
  ///
  /// What it returns makes the next stage a success again; what it throws, the same error included, is its failure.
  @discardableResult
  @inlinable public final func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Value
  ) -> Deferred<Value> {
    add(
      Stage<Value, Value, Value>(nil, errback, file: file, line: line) { upstream, node in
        Stage<Value, Value, Value>.runErrback(upstream, node) { $0.settle(.success($1)) }
      })
  }

  // Disfavored, so that an errback that only throws is no riddle.
  /// Calls `errback` with the failure, which counts as handled, and waits for the Deferred it returns; a success passes by.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Deferred<Value>
  ) -> Deferred<Value> {
    add(
      Stage<Value, Value, Deferred<Value>>(nil, errback, file: file, line: line) { upstream, node in
        Stage<Value, Value, Deferred<Value>>.runErrback(upstream, node) { $0.settle(from: $1) }
      })
  }

  // MARK: - addCallbacks

  /// Calls `callback` with the success or `errback` with the failure, never both: an error that `callback` throws goes on
  /// to the next stage.
  @discardableResult
  @inlinable public final func addCallbacks<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out,
    _ errback: @escaping (any Error) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, errback, file: file, line: line) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `callback` with the success or `errback` with the failure, and waits for the Deferred it returns.
  @discardableResult
  @inlinable public final func addCallbacks<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Deferred<Out>,
    _ errback: @escaping (any Error) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Deferred<Out>>(callback, errback, file: file, line: line) { upstream, node in
        Stage<Value, Out, Deferred<Out>>.runCallbacks(upstream, node) { $0.settle(from: $1) }
      })
  }

  // MARK: - addBoth

  /// Calls `function` with the result, whichever it is; a failure counts as handled.
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Result<Value, any Error>, Out, Out>(function, nil, file: file, line: line) { upstream, node in
        Stage<Result<Value, any Error>, Out, Out>.runBoth(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `function` with the result, whichever it is, and waits for the Deferred it returns; a failure counts as handled.
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    add(
      Stage<Result<Value, any Error>, Out, Deferred<Out>>(function, nil, file: file, line: line) { upstream, node in
        Stage<Result<Value, any Error>, Out, Deferred<Out>>.runBoth(upstream, node) { $0.settle(from: $1) }
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
