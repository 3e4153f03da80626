/// A result that is not available yet, and the callbacks that wait for it.
///
/// The producer makes one and fires it once, with `callback` or `errback`; the consumer adds callbacks:
///
/// ```swift
/// let answer = Deferred<Int>()
/// answer.addCallback { $0 + 1 }
///   .addCallback { print("got", $0) }
///   .addErrback { print("failed:", $0) }
/// answer.callback(41)                      // got 42
/// ```
///
/// Callbacks run synchronously on the thread that fires, in FIFO order; on a stage that has its result, at once. Each
/// `add…` returns the next stage, which may have another type: the callback's return value is that stage's success, a
/// thrown error its failure. If it returns a Deferred, the stage waits for that.
///
/// Like Twisted's `Deferred`, except for one consequence of types: two callbacks added to the same stage both see its
/// result, while in Twisted the second sees the first one's return value.
public class Deferred<Value>: AnyDeferred {
  @usableFromInline enum Outcome {
    case none
    case success(Value)
    case failure(Failure)
  }

  /// The value of a success, or where it is: see Deferred+Storage.swift.
  @safe @exclusivity(unchecked) @usableFromInline final var words: (UInt, UInt) = (0, 0)
  @safe @exclusivity(unchecked) @usableFromInline final var failure: Failure?

  @inlinable final var outcome: Outcome {
    get {
      if let failure { return .failure(failure) }
      return flags.contains(.value) ? .success(storedValue) : .none
    }
    set {
      switch newValue {
      case .none:
        if flags.contains(.value) { removeValue() }
        failure = nil
      case .success(let value): store(value)
      case .failure(let error): failure = error
      }
    }
  }

  @usableFromInline override init(isSource: Bool, origin: DeferredOrigin) {
    super.init(isSource: isSource, origin: origin)
  }

  deinit {
    // Numbers and the like have no end.
    if flags.contains(.value), !Self.isInPlace || !_isPOD(Value.self) { removeValue() }
  }

  /// A Deferred for a producer to fire.
  @inlinable public convenience init(file: StaticString = #fileID, line: UInt = #line) {
    self.init(isSource: true, origin: DeferredOrigin(file, line))
  }

  /// A Deferred for a producer to fire, with a canceller.
  ///
  /// - Parameters:
  ///   - canceller: runs at most once, when the Deferred is cancelled before it has fired, and is released as soon as
  ///     it can no longer run. It stops the work and may fire its argument; if it does not, the Deferred fails with
  ///     ``CancelledError``. After that the producer must not fire it.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @inlinable public convenience init(
    canceller: @escaping (Deferred<Value>) -> Void, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(isSource: true, origin: DeferredOrigin(file, line))
    action = { _, node in
      canceller(unsafe unsafeDowncast(node, to: Deferred<Value>.self))
      return nil
    }
  }

  // MARK: - Firing

  /// Fires with a success: all waiting callbacks run before this returns.
  ///
  /// A Deferred fires once. A second firing is reported (see ``DeferredReport``) and ignored.
  @inlinable public final func callback(_ value: Value, file: StaticString = #fileID, line: UInt = #line) {
    if claim(file: file, line: line) {
      store(value)
      resultIsSet()
    }
  }

  /// Fires with a failure: all waiting errbacks run before this returns. A second firing is reported and ignored.
  @inlinable public final func errback(_ error: any Error, file: StaticString = #fileID, line: UInt = #line) {
    if claim(file: file, line: line) {
      failure = makeFailure(error)
      resultIsSet()
    }
  }

  /// Fires with `result`.
  @inlinable public final func fire(
    with result: Result<Value, any Error>, file: StaticString = #fileID, line: UInt = #line
  ) {
    switch result {
    case .success(let value): callback(value, file: file, line: line)
    case .failure(let error): errback(error, file: file, line: line)
    }
  }

  @inlinable final func fire(_ outcome: Outcome) {
    self.outcome = outcome
    resultIsSet()
  }

  // Without an `Outcome`: where code is not specialized, each use of that type is a look-up of its metadata.
  @inlinable final func resultIsSet() {
    state = .fired
    action = nil
    if firstListener != nil { drain() }
  }

  override var valueName: String { "\(Value.self)" }

  override var resultWords: String? {
    switch outcome {
    case .none: nil
    case .success(let value): "result: \(value)"
    case .failure(let failure): "failure: \(failure.error)"
    }
  }

  @usableFromInline override func failCancelled() {
    failure = makeFailure(CancelledError())
    resultIsSet()
  }

  // MARK: - Already fired

  /// A Deferred that has already succeeded. Twisted: `succeed`.
  @inlinable public static func succeed(
    _ value: Value, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    let fired = Deferred(isSource: true, origin: DeferredOrigin(file, line))
    fired.store(value)
    fired.state = .fired
    return fired
  }

  /// A Deferred that has already failed. Twisted: `fail`.
  @inlinable public static func fail(
    _ error: any Error, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Value> {
    let fired = Deferred(isSource: true, origin: DeferredOrigin(file, line))
    fired.failure = fired.makeFailure(error)
    fired.state = .fired
    return fired
  }
}

extension Deferred where Value == Void {
  /// Fires a Deferred without a value.
  @inlinable public final func callback(file: StaticString = #fileID, line: UInt = #line) {
    callback((), file: file, line: line)
  }

  /// A Deferred without a value that has already succeeded.
  @inlinable public static func succeed(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    succeed((), file: file, line: line)
  }
}

@available(*, unavailable, message: "A Deferred belongs to the thread of its reactor")
extension AnyDeferred: Sendable {}
