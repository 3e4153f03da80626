/// Every kind of ``Deferred``, by its value: what a callback returns that the chain then waits for.
///
/// The verbs of the chain take closures that return a value, and closures that return a Deferred. They tell them apart by this protocol,
/// and not by the class: a closure of several statements without `return` could otherwise be taken for one that returns a
/// `Deferred<Void>`. Only ``Deferred`` and its subclasses conform.
public protocol DeferredType<Value>: AnyDeferred {
  /// What it succeeds with.
  associatedtype Value

  /// This object, as the class that has the verbs.
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
