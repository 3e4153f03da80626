/// Any kind of ``Deferred`` with this value. If a callback returns one, the chain waits for it.
///
/// The verbs of the chain take closures that return a value, and closures that return a Deferred. They distinguish them
/// by this protocol rather than the class: otherwise a closure of several statements without `return` could match as
/// one that returns a `Deferred<Void>`. Only ``Deferred`` and its subclasses conform.
public protocol DeferredType<Value>: AnyDeferred {
  /// The type of its success.
  associatedtype Value

  /// This object, as the class with the verbs.
  var asDeferred: Deferred<Value> { get }
}

extension Deferred: DeferredType {
  /// This object.
  @inlinable public final var asDeferred: Deferred<Value> { self }
}

extension DeferredType {
  /// The same without its value, for code that only waits.
  package var withoutValue: Deferred<Void> {
    if let void = self as? Deferred<Void> { return void }
    return asDeferred.addCallback { _ in }
  }
}
