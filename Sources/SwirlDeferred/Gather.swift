/// Gives the values of all `deferreds`, in their order, or fails with a ``FirstError`` as soon as one fails.
///
/// The others continue, and their failures count as handled. Cancelling it cancels all. Twisted: `gatherResults`.
@inlinable public func gatherResults<Value>(
  _ deferreds: [Deferred<Value>], file: StaticString = #fileID, line: UInt = #line
) -> Deferred<[Value]> {
  typealias All = Gather<[Value?], [Value]>
  let gather = All(Array(repeating: nil, count: deferreds.count), count: deferreds.count, file: file, line: line) {
    $0.map { $0! }
  }
  for (index, deferred) in deferreds.enumerated() {
    gather.watch(deferred, at: index) { upstream, node in
      let index = Member.cast(node).index
      return All.receive(Deferred<Value>.cast(upstream), node, FirstError.init) { $0[index] = $1 }
    }
  }
  if deferreds.isEmpty { gather.fire(.success([])) }
  return gather
}

/// Gives the values of two Deferreds of different types, or the failure of the first that fails.
///
/// The failure is the member's own error. The others continue, and their failures count as handled; cancelling the
/// gather cancels all. asyncio: `gather`.
@inlinable public func gather<A, B>(
  _ a: Deferred<A>, _ b: Deferred<B>, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<(A, B)> {
  typealias All = Gather<(A?, B?), (A, B)>
  let gather = All((nil, nil), count: 2, file: file, line: line) { ($0.0!, $0.1!) }
  gather.watch(a, at: 0) { All.receive(Deferred<A>.cast($0), $1, All.unwrapped) { $0.0 = $1 } }
  gather.watch(b, at: 1) { All.receive(Deferred<B>.cast($0), $1, All.unwrapped) { $0.1 = $1 } }
  return gather
}

/// Gives the values of three Deferreds of different types; see the form for two.
@inlinable public func gather<A, B, C>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, file: StaticString = #fileID, line: UInt = #line
) -> Deferred<(A, B, C)> {
  typealias All = Gather<(A?, B?, C?), (A, B, C)>
  let gather = All((nil, nil, nil), count: 3, file: file, line: line) { ($0.0!, $0.1!, $0.2!) }
  gather.watch(a, at: 0) { All.receive(Deferred<A>.cast($0), $1, All.unwrapped) { $0.0 = $1 } }
  gather.watch(b, at: 1) { All.receive(Deferred<B>.cast($0), $1, All.unwrapped) { $0.1 = $1 } }
  gather.watch(c, at: 2) { All.receive(Deferred<C>.cast($0), $1, All.unwrapped) { $0.2 = $1 } }
  return gather
}

/// Gives the values of four Deferreds of different types; see the form for two.
@inlinable public func gather<A, B, C, D>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, _ d: Deferred<D>, file: StaticString = #fileID,
  line: UInt = #line
) -> Deferred<(A, B, C, D)> {
  typealias All = Gather<(A?, B?, C?, D?), (A, B, C, D)>
  let gather = All((nil, nil, nil, nil), count: 4, file: file, line: line) { ($0.0!, $0.1!, $0.2!, $0.3!) }
  gather.watch(a, at: 0) { All.receive(Deferred<A>.cast($0), $1, All.unwrapped) { $0.0 = $1 } }
  gather.watch(b, at: 1) { All.receive(Deferred<B>.cast($0), $1, All.unwrapped) { $0.1 = $1 } }
  gather.watch(c, at: 2) { All.receive(Deferred<C>.cast($0), $1, All.unwrapped) { $0.2 = $1 } }
  gather.watch(d, at: 3) { All.receive(Deferred<D>.cast($0), $1, All.unwrapped) { $0.3 = $1 } }
  return gather
}

/// Gives the values of five Deferreds of different types; see the form for two.
@inlinable public func gather<A, B, C, D, E>(
  _ a: Deferred<A>, _ b: Deferred<B>, _ c: Deferred<C>, _ d: Deferred<D>, _ e: Deferred<E>,
  file: StaticString = #fileID, line: UInt = #line
) -> Deferred<(A, B, C, D, E)> {
  typealias All = Gather<(A?, B?, C?, D?, E?), (A, B, C, D, E)>
  let gather = All((nil, nil, nil, nil, nil), count: 5, file: file, line: line) { ($0.0!, $0.1!, $0.2!, $0.3!, $0.4!) }
  gather.watch(a, at: 0) { All.receive(Deferred<A>.cast($0), $1, All.unwrapped) { $0.0 = $1 } }
  gather.watch(b, at: 1) { All.receive(Deferred<B>.cast($0), $1, All.unwrapped) { $0.1 = $1 } }
  gather.watch(c, at: 2) { All.receive(Deferred<C>.cast($0), $1, All.unwrapped) { $0.2 = $1 } }
  gather.watch(d, at: 3) { All.receive(Deferred<D>.cast($0), $1, All.unwrapped) { $0.3 = $1 } }
  gather.watch(e, at: 4) { All.receive(Deferred<E>.cast($0), $1, All.unwrapped) { $0.4 = $1 } }
  return gather
}

/// Collects the members' values in `Storage` until it has all.
@usableFromInline final class Gather<Storage, Output>: Deferred<Output>, Gathering {
  @usableFromInline let members: Members
  @usableFromInline var remaining: Int
  @usableFromInline var storage: Storage
  @usableFromInline let assemble: (Storage) -> Output

  @usableFromInline init(
    _ storage: Storage, count: Int, file: StaticString, line: UInt, assemble: @escaping (Storage) -> Output
  ) {
    self.storage = storage
    self.assemble = assemble
    members = Members(count: count)
    remaining = count
    super.init(isSource: true, origin: DeferredOrigin(file, line))
    action = Self.canceller
  }

  /// The error of a gather for which the member's index is not useful.
  @inlinable static func unwrapped(_ index: Int, _ error: any Error) -> any Error { error }

  /// Takes the result of `member`, to which the `Member` `node` listened.
  @inline(__always) @inlinable static func receive<Value>(
    _ member: Deferred<Value>, _ node: AnyDeferred, _ wrap: (Int, any Error) -> any Error,
    _ store: (inout Storage, Value) -> Void
  ) -> AnyDeferred? {
    let gather = unsafe unsafeDowncast(Member.cast(node).owner, to: Gather.self)
    gather.remaining -= 1
    switch member.outcome {
    case .success(let value):
      guard gather.state == .pending else { return nil }
      store(&gather.storage, value)
      guard gather.remaining == 0 else { return nil }
      gather.action = nil
      return gather.settle(.success(gather.assemble(gather.storage)))
    case .failure(let failure):
      let error = failure.handled()
      guard gather.state == .pending else { return nil }
      gather.action = nil
      return gather.settle(throwing: wrap(Member.cast(node).index, error))
    case .none: return nil
    }
  }
}
