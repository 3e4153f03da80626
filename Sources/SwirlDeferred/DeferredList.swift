/// What a callback of `addBoth` receives: the value, or the error.
public typealias DeferredResult<Value> = Result<Value, any Error>

/// What a callback of `addBoth` receives from a ``DeferredList``: the result of each member, in the order of the list.
public typealias DeferredListResult<Value> = DeferredResult<[DeferredResult<Value>]>

/// Waits for a list of Deferreds and gives all their results. Twisted: `DeferredList`.
///
/// ```swift
/// DeferredList(urls.map { fetch($0) }).addBoth { _ in reactor.stop() }
/// ```
///
/// The results are in the order of the list, independent of the order of firing; an empty list fires at once. The
/// members stay usable, and keep their own results. Cancelling the list cancels each member that has not fired.
///
/// `Output` follows from the initializer: `[Result]`, or with `fireOnOneCallback` a ``DeferredListOutcome``.
public final class DeferredList<Element, Output>: Deferred<Output>, Gathering {
  @usableFromInline final let members: Members
  @usableFromInline final var remaining: Int
  @usableFromInline final var results: [Result<Element, any Error>?]
  @usableFromInline final let fireOnOneErrback: Bool
  @usableFromInline final let consumeErrors: Bool

  @usableFromInline init(
    count: Int, fireOnOneErrback: Bool, consumeErrors: Bool, file: StaticString, line: UInt
  ) {
    results = Array(repeating: nil, count: count)
    self.fireOnOneErrback = fireOnOneErrback
    self.consumeErrors = consumeErrors
    members = Members(count: count)
    remaining = count
    super.init(isSource: true, origin: DeferredOrigin(file, line))
    action = Self.canceller
  }

  /// Fires when every member has fired.
  ///
  /// - Parameters:
  ///   - deferreds: the members.
  ///   - fireOnOneErrback: fail with a ``FirstError`` as soon as one member fails; the others continue.
  ///   - consumeErrors: count the members' failures as handled, including those after the list has fired. Without it
  ///     each member's failure is reported unless another errback handles it.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @inlinable public convenience init(
    _ deferreds: [Deferred<Element>], fireOnOneErrback: Bool = false, consumeErrors: Bool = false,
    file: StaticString = #fileID, line: UInt = #line
  ) where Output == [Result<Element, any Error>] {
    self.init(
      count: deferreds.count, fireOnOneErrback: fireOnOneErrback, consumeErrors: consumeErrors, file: file, line: line)
    for (index, deferred) in deferreds.enumerated() {
      watch(deferred, at: index) { upstream, node in
        let member = Member.cast(node)
        let list = unsafe unsafeDowncast(member.owner, to: DeferredList.self)
        guard let outcome = list.record(Deferred<Element>.cast(upstream), at: member.index) else { return nil }
        return list.settle(outcome)
      }
    }
    if deferreds.isEmpty { fire(.success([])) }
  }

  /// Fires when one member succeeds, or when all have failed.
  ///
  /// - Parameters:
  ///   - deferreds: the members. The pending ones continue after the list has fired; ``race(_:file:line:)`` cancels
  ///     them.
  ///   - fireOnOneCallback: fire with `.first` as soon as one member succeeds; without it the outcome is always `.all`.
  ///   - fireOnOneErrback: fail with a ``FirstError`` as soon as one member fails.
  ///   - consumeErrors: count the members' failures as handled.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  @inlinable public convenience init(
    _ deferreds: [Deferred<Element>], fireOnOneCallback: Bool, fireOnOneErrback: Bool = false,
    consumeErrors: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) where Output == DeferredListOutcome<Element> {
    self.init(
      count: deferreds.count, fireOnOneErrback: fireOnOneErrback, consumeErrors: consumeErrors, file: file, line: line)
    let action: Action = { upstream, node in
      let member = Member.cast(node)
      let list = unsafe unsafeDowncast(member.owner, to: DeferredList.self)
      let deferred = Deferred<Element>.cast(upstream)
      switch list.record(deferred, at: member.index) {
      case .success(let results): return list.settle(.success(.all(results)))
      case .failure(let failure): return list.settle(.failure(failure))
      default: return nil
      }
    }
    for (index, deferred) in deferreds.enumerated() {
      guard fireOnOneCallback else {
        watch(deferred, at: index, action)
        continue
      }
      watch(deferred, at: index) { upstream, node in
        let member = Member.cast(node)
        let list = unsafe unsafeDowncast(member.owner, to: DeferredList.self)
        let deferred = Deferred<Element>.cast(upstream)
        if case .success(let value) = deferred.outcome, list.state == .pending {
          return list.settle(.success(.first(index: member.index, value: value)))
        }
        switch list.record(deferred, at: member.index) {
        case .success(let results): return list.settle(.success(.all(results)))
        case .failure(let failure): return list.settle(.failure(failure))
        default: return nil
        }
      }
    }
    if deferreds.isEmpty { fire(.success(.all([]))) }
  }

  /// Records the result of a member; returns the result of the list if it fires now.
  @inlinable final func record(
    _ member: Deferred<Element>, at index: Int
  ) -> Deferred<[Result<Element, any Error>]>.Outcome? {
    remaining -= 1
    switch member.outcome {
    case .success(let value): results[index] = .success(value)
    case .failure(let failure):
      if consumeErrors { failure.isHandled = true }
      results[index] = .failure(failure.error)
      if fireOnOneErrback, state == .pending {
        action = nil
        return .failure(makeFailure(FirstError(index: index, error: failure.error)))
      }
    case .none: break
    }
    guard remaining == 0, state == .pending else { return nil }
    action = nil
    return .success(results.map { $0! })
  }
}

/// The value of a ``DeferredList`` with `fireOnOneCallback`.
public enum DeferredListOutcome<Value> {
  /// The first success, and its index in the list.
  case first(index: Int, value: Value)
  /// The results of all members, if no member succeeded first.
  case all([Result<Value, any Error>])
}

/// The failure of a list that fails with its first failed member: the index and the error. Twisted: `FirstError`.
public struct FirstError: Error, CustomStringConvertible {
  /// The index of the member in the list.
  public let index: Int
  /// The member's failure.
  public let error: any Error

  @usableFromInline init(index: Int, error: any Error) {
    self.index = index
    self.error = error
  }

  /// Which member failed, and why.
  public var description: String { "member \(index) of the list failed: \(error)" }
}
