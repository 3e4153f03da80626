// `addErrback(SomeError.self)` has the forms of `addErrback`, for the reasons given there.

extension Deferred {
  /// Calls `errback` with a failure of this type, which counts as handled, and waits for the Deferred it returns; a
  /// success, and any other failure, skips it.
  @discardableResult
  @inlinable public final func addErrback<Failed: Error, Inner: DeferredType>(
    _ type: Failed.Type, file: StaticString = #fileID, line: UInt = #line,
    _ errback: @escaping (Failed) throws -> Inner
  ) -> Deferred<Value> where Inner.Value == Value {
    addWaitingErrback(type, errback, file: file, line: line)
  }

  @inline(__always) @inlinable final func addErrback<Failed: Error>(
    _ type: Failed.Type, of errback: @escaping (Failed) throws -> Value, file: StaticString, line: UInt
  ) -> Deferred<Value> {
    add(
      Stage<Failed, Value, Value>(errback, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Failed, Value, Value>.runTypedErrback(upstream, node) { $0.settle(value: $1) }
      })
  }

  @inline(__always) @inlinable final func addWaitingErrback<Failed: Error, Inner: DeferredType>(
    _ type: Failed.Type, _ errback: @escaping (Failed) throws -> Inner, file: StaticString, line: UInt
  ) -> Deferred<Value> where Inner.Value == Value {
    add(
      Stage<Failed, Value, Inner>(errback, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        Stage<Failed, Value, Inner>.runTypedErrback(upstream, node) { $0.settle(from: $1.asDeferred) }
      })
  }
}

extension Deferred where Value == Void {
  /// Calls `errback` with a failure of this type, which counts as handled; a success, and any other failure, skips it.
  @discardableResult
  @inlinable public final func addErrback<Failed: Error>(
    _ type: Failed.Type, file: StaticString = #fileID, line: UInt = #line,
    _ errback: @escaping (Failed) throws -> Void
  ) -> Deferred<Void> {
    addErrback(type, of: errback, file: file, line: line)
  }
}

extension DeferredType {
  /// Calls `errback` with a failure of this type, which counts as handled; a success, and any other failure, skips it.
  ///
  /// ```swift
  /// fetch(url).addErrback(TimeoutError.self) { _ in fetch(mirror) }
  /// ```
  ///
  /// Its return value makes the next stage a success again; an error that it throws makes it a failure. A failure of
  /// another type is passed on as it is. Twisted: an errback that begins with `failure.trap(SomeError)`.
  @discardableResult
  @inlinable public func addErrback<Failed: Error, Out>(
    _ type: Failed.Type, file: StaticString = #fileID, line: UInt = #line,
    _ errback: @escaping (Failed) throws -> Out
  ) -> Deferred<Value> where Out == Value {
    asDeferred.addErrback(type, of: errback, file: file, line: line)
  }

  /// Calls `errback` with a failure of this type, which counts as handled, and waits for the Deferred it returns; a
  /// success, and any other failure, skips it.
  @_disfavoredOverload
  @discardableResult
  @inlinable public func addErrback<Failed: Error>(
    _ type: Failed.Type, file: StaticString = #fileID, line: UInt = #line,
    _ errback: @escaping (Failed) throws -> Deferred<Value>
  ) -> Deferred<Value> {
    asDeferred.addWaitingErrback(type, errback, file: file, line: line)
  }

  /// Calls `errback`, which returns no value, with a failure of this type, which counts as handled. The next stage has
  /// the success, nil after a failure of this type, or any other failure.
  @discardableResult
  @inlinable public func addErrback<Failed: Error>(
    _ type: Failed.Type, file: StaticString = #fileID, line: UInt = #line,
    _ errback: @escaping (Failed) throws -> Void
  ) -> Deferred<Value?> {
    asDeferred.add(
      Stage<Failed, Value?, Void>(errback, nil, origin: DeferredOrigin(file, line)) { upstream, node in
        let stage = unsafe unsafeDowncast(node, to: Stage<Failed, Value?, Void>.self)
        let errback = stage.onSuccess.take()!
        switch Deferred<Value>.cast(upstream).outcome {
        case .success(let value): return stage.settle(.success(value))
        case .failure(let failure):
          guard let error = failure.error as? Failed else { return stage.settle(.failure(failure)) }
          failure.isHandled = true
          do {
            try errback(error)
            return stage.settle(.success(nil))
          } catch { return stage.settle(throwing: error) }
        case .none: return nil
        }
      })
  }
}

extension Error {
  /// This error as one of the type; throws it if it is of another type. Twisted: `Failure.trap`.
  ///
  /// ```swift
  /// fetch(url).addErrback { error in try error.trap(HTTPError.self).url }
  /// ```
  ///
  /// In an errback, `addErrback(HTTPError.self)` does it without a new failure.
  @discardableResult
  public func trap<Trapped: Error>(_ type: Trapped.Type) throws -> Trapped {
    guard let trapped = self as? Trapped else { throw self }
    return trapped
  }

  /// The first of the types that this error has; nil if it has another type. Twisted: `Failure.check`.
  public func check(_ types: any Error.Type...) -> (any Error.Type)? { types.first { has($0) } }

  private func has<Checked: Error>(_ type: Checked.Type) -> Bool { self is Checked }
}
