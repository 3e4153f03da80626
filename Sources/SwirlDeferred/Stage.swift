/// The next link of a chain: the Deferred of its own result and the continuation of its upstream, in one object.
///
/// `In` is the type of the upstream's value, `Out` of this one's, `Returned` the functions' return type: `Out`, or a
/// `Deferred<Out>` to wait for.
@usableFromInline final class Stage<In, Out, Returned>: Deferred<Out> {
  @safe @exclusivity(unchecked) @usableFromInline var onSuccess: ((In) throws -> Returned)?
  @safe @exclusivity(unchecked) @usableFromInline var onFailure: ((any Error) throws -> Returned)?

  /// - Parameter action: a function without captures, from a place where the types are known, so that it is
  ///   specialised.
  @inlinable init(
    _ onSuccess: ((In) throws -> Returned)?, _ onFailure: ((any Error) throws -> Returned)?,
    origin: DeferredOrigin, action: @escaping Action
  ) {
    self.onSuccess = onSuccess
    self.onFailure = onFailure
    super.init(isSource: false, origin: origin)
    self.action = action
  }

  @usableFromInline override func releaseCallbacks() {
    super.releaseCallbacks()
    onSuccess = nil
    onFailure = nil
  }

  /// How to treat a function's return value: as the result, or as a Deferred to wait for.
  @usableFromInline typealias Settle = (_ stage: Stage, _ returned: Returned) -> AnyDeferred?

  /// The action of a stage with a callback and an optional errback; without an errback a failure skips the stage. It
  /// releases the functions before they run, because they run only once.
  @inline(__always) @inlinable static func runCallbacks(
    _ upstream: AnyDeferred, _ node: AnyDeferred, _ settle: Settle
  ) -> AnyDeferred? {
    let stage = unsafe unsafeDowncast(node, to: Stage.self)
    let onSuccess = stage.onSuccess.take()
    let onFailure = stage.onFailure.take()
    do {
      switch Deferred<In>.cast(upstream).outcome {
      case .success(let value): return settle(stage, try onSuccess!(value))
      case .failure(let failure):
        guard let onFailure else { return stage.settle(.failure(failure)) }
        return settle(stage, try onFailure(failure.handled()))
      case .none: return nil
      }
    } catch { return stage.settle(throwing: error) }
  }

  /// The action of a stage with an errback only: a success skips it.
  @inline(__always) @inlinable static func runErrback(
    _ upstream: AnyDeferred, _ node: AnyDeferred, _ settle: Settle
  ) -> AnyDeferred? where In == Out {
    let stage = unsafe unsafeDowncast(node, to: Stage.self)
    let onFailure = stage.onFailure.take()!
    switch Deferred<In>.cast(upstream).outcome {
    case .failure(let failure):
      do { return settle(stage, try onFailure(failure.handled())) } catch { return stage.settle(throwing: error) }
    case let success: return stage.settle(success)
    }
  }

  /// The action of a stage with an errback for errors of the type `In`: a success and other failures skip it, and a
  /// skipping failure is not handled. `onSuccess` holds the errback.
  @inline(__always) @inlinable static func runTypedErrback(
    _ upstream: AnyDeferred, _ node: AnyDeferred, _ settle: Settle
  ) -> AnyDeferred? where In: Error {
    let stage = unsafe unsafeDowncast(node, to: Stage.self)
    let errback = stage.onSuccess.take()!
    let outcome = Deferred<Out>.cast(upstream).outcome
    guard case .failure(let failure) = outcome, let error = failure.error as? In else { return stage.settle(outcome) }
    failure.isHandled = true
    do { return settle(stage, try errback(error)) } catch { return stage.settle(throwing: error) }
  }

  /// The action of a stage that takes success and failure as a `Result`.
  @inline(__always) @inlinable static func runBoth<Value>(
    _ upstream: AnyDeferred, _ node: AnyDeferred, _ settle: Settle
  ) -> AnyDeferred? where In == Result<Value, any Error> {
    let stage = unsafe unsafeDowncast(node, to: Stage.self)
    let function = stage.onSuccess.take()!
    guard let result = Deferred<Value>.cast(upstream).handledResult else { return nil }
    do { return settle(stage, try function(result)) } catch { return stage.settle(throwing: error) }
  }
}

extension Deferred {
  /// `node` with its real type. Unchecked here and in `Stage`, because an action is stored only in a stage of its own
  /// types, and a stage is added only to a Deferred of its `In`.
  @inline(__always) @inlinable static func cast(_ node: AnyDeferred) -> Deferred {
    unsafe unsafeDowncast(node, to: Deferred.self)
  }

  /// The success or the failure as a value. Reading a failure marks it handled.
  @inlinable final var handledResult: Result<Value, any Error>? {
    switch outcome {
    case .success(let value): .success(value)
    case .failure(let failure): .failure(failure.handled())
    case .none: nil
    }
  }

  /// Takes `outcome` as this stage's result.
  @inlinable final func settle(_ outcome: Outcome) -> AnyDeferred? {
    self.outcome = outcome
    state = .fired
    return self
  }

  @inlinable final func settle(success value: Value) -> AnyDeferred? {
    store(value)
    state = .fired
    return self
  }

  @inlinable final func settle(throwing error: any Error) -> AnyDeferred? {
    failure = makeFailure(error)
    state = .fired
    return self
  }

  /// Takes the result of `inner` as this stage's result, now or once `inner` has it.
  @inlinable final func settle(from inner: Deferred) -> AnyDeferred? {
    if inner.state == .fired, inner.pauses == 0 { return settle(inner.outcome) }
    let isFollowing = follow(inner) { upstream, node in
      Deferred.cast(node).settle(Deferred.cast(upstream).outcome)
    }
    return isFollowing ? nil : settle(throwing: CircularDeferredError())
  }
}
