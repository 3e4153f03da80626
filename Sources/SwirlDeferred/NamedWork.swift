/// The named work behind a Deferred, for the message of a timeout.
@usableFromInline package protocol NamedWork: AnyObject, CancellableCall {
  /// The operation and the peer, such as `GET http://127.0.0.1:8080/`.
  var workName: String { get }
}

/// A query that a canceller receives in place of an upstream, which a source lacks, to name its work.
@usableFromInline final class WorkNameQuery: AnyDeferred {
  fileprivate(set) var name: String?

  fileprivate init() { super.init(isSource: false, origin: DeferredOrigin(#fileID, #line)) }

  /// Cancels `work`, or answers with its name if `upstream` is a query.
  @usableFromInline package static func cancel(_ work: any NamedWork, askedBy upstream: AnyDeferred) {
    if let query = upstream as? WorkNameQuery { query.name = work.workName } else { work.cancel() }
  }
}

extension Deferred {
  /// A Deferred for a producer to fire, whose canceller cancels `work`. A timeout names it.
  @inlinable package convenience init(
    cancelling work: some NamedWork, file: StaticString = #fileID, line: UInt = #line
  ) {
    self.init(isSource: true, origin: DeferredOrigin(file, line))
    flags.insert(.namesWork)
    action = { upstream, _ in
      WorkNameQuery.cancel(work, askedBy: upstream)
      return nil
    }
  }
}

extension AnyDeferred {
  /// The name of the work that this stage waits for, if its source knows it.
  final var workName: String? {
    var node = self
    while let upstream = unsafe node.waitingFor { node = upstream }
    // Any other canceller ignores its upstream and would cancel.
    guard node.flags.contains(.namesWork), node.state == .pending, let action = node.action else { return nil }
    let query = WorkNameQuery()
    _ = action(query, node)
    return query.name
  }
}
