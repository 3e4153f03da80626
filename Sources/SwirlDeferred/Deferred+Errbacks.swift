// The verb `addErrback` has five forms, because the type of its value is known before the closure is read. Swift would
// take any closure for one that returns this type: one without `return` too, which it refuses later, and one with
// `return fetch(url)`, where it would choose the `fetch` that is awaited.
//
// - The form on a value is generic, so a closure without `return` never matches it, and on the protocol, whose members
//   Swift ranks below those of the class. So `fetch(url)` means its Deferred.
// - The form on nothing makes the next value optional. On a `Deferred<Void>`, which keeps its type, a form of the class
//   is ranked above it.
// - The form on `Deferred<Value>` is disfavored: it provides the type context for `.succeed(x)`.

extension Deferred {
  /// Calls `errback` with the failure, which counts as handled, and waits for the Deferred it returns; a success skips
  /// it.
  @discardableResult
  @inlinable public final func addErrback<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Inner
  ) -> Deferred<Value> where Inner.Value == Value {
    addWaitingErrback(errback, file: file, line: line)
  }

  @inline(__always) @inlinable final func addErrback(
    of errback: @escaping (any Error) throws -> Value, file: StaticString, line: UInt
  ) -> Deferred<Value> {
    add(
      Stage<Value, Value, Value>(nil, errback, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Value, Value, Value>.runErrback(upstream, node) { $0.settle(value: $1) }
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
}

extension Deferred where Value == Void {
  /// Calls `errback` with the failure, which counts as handled; a success skips it. The next stage is a success, unless
  /// `errback` throws.
  @discardableResult
  @inlinable public final func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Void
  ) -> Deferred<Void> {
    addErrback(of: errback, file: file, line: line)
  }
}

extension DeferredType {
  /// Calls `errback` with the failure, which counts as handled; a success skips it.
  ///
  /// Its return value makes the next stage a success again; an error that it throws, even the same one, makes it a
  /// failure.
  @discardableResult
  @inlinable public func addErrback<Out>(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Out
  ) -> Deferred<Value> where Out == Value {
    asDeferred.addErrback(of: errback, file: file, line: line)
  }

  /// Calls `errback` with the failure, which counts as handled, and waits for the Deferred it returns; a success skips
  /// it.
  @_disfavoredOverload
  @discardableResult
  @inlinable public func addErrback(
    file: StaticString = #fileID, line: UInt = #line, _ errback: @escaping (any Error) throws -> Deferred<Value>
  ) -> Deferred<Value> {
    asDeferred.addWaitingErrback(errback, file: file, line: line)
  }
}

extension DeferredType {
  /// Calls `errback`, which returns no value, with the failure, which counts as handled. The next stage has the
  /// success, or nil after a failure.
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
