// The verbs of the chain. Each has three forms, in this order, which the type checker needs: a chain is one expression to it, and what each
// form costs there is held by Scripts/type-checking.
//
// - The form on `Deferred<Out>` is disfavored. It gives a context to a closure that returns `.succeed(x)`, which names no type.
// - The form on `Out` takes what is no Deferred, a closure without `return` included.
// - The form on `DeferredType` takes whatever is a Deferred. `Void` is none, so a closure without `return` never matches it.

extension Deferred {
  // MARK: - addCallback

  /// Calls `callback` with the success and waits for the Deferred it returns; a failure passes by.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    addWaiting(callback, nil, file: file, line: line)
  }

  /// Calls `callback` with the success; a failure passes by.
  ///
  /// What it returns is the success of the stage returned here, what it throws its failure. It runs on the thread that
  /// fires, or at once when the result is there.
  @discardableResult
  @inlinable public final func addCallback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `callback` with the success and waits for the Deferred it returns; a failure passes by.
  @discardableResult
  @inlinable public final func addCallback<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Inner
  ) -> Deferred<Inner.Value> {
    addWaiting(callback, nil, file: file, line: line)
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
      Stage<Value, Value, Value>(nil, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Value, Value>.runErrback(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `errback` with the failure, which counts as handled, and waits for the Deferred it returns; a success passes by.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Deferred<Value>
  ) -> Deferred<Value> {
    addWaitingErrback(errback, file: file, line: line)
  }

  /// Calls `errback` with the failure, which counts as handled, and waits for the Deferred it returns; a success passes by.
  @discardableResult
  @inlinable public final func addErrback<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Inner
  ) -> Deferred<Value> where Inner.Value == Value {
    addWaitingErrback(errback, file: file, line: line)
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

  /// Calls `callback` with the success or `errback` with the failure, never both: an error that `callback` throws goes on
  /// to the next stage.
  @discardableResult
  @inlinable public final func addCallbacks<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Value) throws -> Out,
    _ errback: @escaping (any Error) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Value, Out, Out>(callback, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Out, Out>.runCallbacks(upstream, node) { $0.settle(.success($1)) }
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

  /// Calls `function` with the result, whichever it is, and waits for the Deferred it returns; a failure counts as handled.
  @_disfavoredOverload
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Deferred<Out>
  ) -> Deferred<Out> {
    addWaitingBoth(function, file: file, line: line)
  }

  /// Calls `function` with the result, whichever it is; a failure counts as handled.
  @discardableResult
  @inlinable public final func addBoth<Out>(
    file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping (Result<Value, any Error>) throws -> Out
  ) -> Deferred<Out> {
    add(
      Stage<Result<Value, any Error>, Out, Out>(function, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Result<Value, any Error>, Out, Out>.runBoth(upstream, node) { $0.settle(.success($1)) }
      })
  }

  /// Calls `function` with the result, whichever it is, and waits for the Deferred it returns; a failure counts as handled.
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

  @inline(__always) @inlinable final func addWaitingErrback<Inner: DeferredType>(
    _ errback: @escaping (any Error) throws -> Inner, file: StaticString, line: UInt
  ) -> Deferred<Value> where Inner.Value == Value {
    add(
      Stage<Value, Value, Inner>(nil, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Value, Inner>.runErrback(upstream, node) { $0.settle(from: $1.asDeferred) }
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

// On the protocol, where Swift prefers it less than the forms of the class: for a chain without a value it is never taken.
extension DeferredType {
  /// Calls `errback` with the failure, which counts as handled, where it returns nothing to go on with: the next stage has the success,
  /// or nil after a failure.
  ///
  /// ```swift
  /// fetch(url).addCallback { $0.text.count }.addErrback { print("failed:", $0) }
  /// ```
  @discardableResult
  @inlinable public func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Void
  ) -> Deferred<Value?> {
    asDeferred.addBoth(file: file, line: line) { result -> Value? in
      switch result {
      case .success(let value): return value
      case .failure(let error):
        try errback(error)
        return nil
      }
    }
  }
}

extension AnyDeferred {
  /// Adds `stage` to this node and returns it.
  @inline(__always) @inlinable final func add<Out>(_ stage: Deferred<Out>) -> Deferred<Out> {
    add(stage as AnyDeferred)
    return stage
  }
}
