// A closure of several statements before one that takes anything, such as
//
//     d.addCallback { count += 1; return fetch(url) }.addCallback { print("got", $0) }
//
// has the type `Any` for Swift, not that of a Deferred: the second closure would get the Deferred itself.
extension Deferred {
  /// Takes the return value of a callback or an errback as this stage's result; a Deferred whose type Swift has lost
  /// is waited for.
  @inline(__always) @inlinable final func settle(value: Value) -> AnyDeferred? {
    Value.self == Any.self ? settle(any: value) : settle(success: value)
  }

  @usableFromInline final func settle(any value: Value) -> AnyDeferred? {
    guard let inner = value as? any DeferredType else { return settle(success: value) }
    guard let erased = inner.erased(origin) as? Deferred else { return settle(success: value) }
    return settle(from: erased)
  }
}

extension DeferredType {
  fileprivate func erased(_ origin: DeferredOrigin) -> Deferred<Any> {
    let stage = Stage<Value, Any, Any>({ $0 }, nil, origin: origin) { upstream, node in
      Stage<Value, Any, Any>.runCallbacks(upstream, node) { $0.settle(value: $1) }
    }
    asDeferred.add(stage as AnyDeferred)
    return stage
  }
}
