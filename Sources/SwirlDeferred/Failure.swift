/// A failure on its way through stages: one object for every branch, so that an errback on any branch marks it handled
/// for all.
///
/// An unhandled failure is reported when the last stage that holds it is released.
@usableFromInline final class Failure {
  @usableFromInline let error: any Error
  @safe @exclusivity(unchecked) @usableFromInline var isHandled = false
  /// ``FiringSites`` has the place where it was fired.
  @safe @exclusivity(unchecked) var hasFiringSite = false
  private let line: UInt32
  private let file: UInt

  /// - Parameter origin: the creation site of the Deferred that failed first.
  init(_ error: any Error, origin: DeferredOrigin) {
    self.error = error
    line = origin.line
    file = origin.file
  }

  /// The error, for an errback. Marks the failure handled.
  @inlinable func handled() -> any Error {
    isHandled = true
    return error
  }

  deinit {
    if isHandled { return }
    DeferredReport(
      .unhandledFailure, error: error, createdAt: DeferredOrigin(file: file, line: line),
      firedAt: hasFiringSite ? FiringSites[of: self] : nil
    ).send()
  }
}
