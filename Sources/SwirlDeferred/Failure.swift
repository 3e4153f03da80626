/// A failure as it travels: one object on every branch it reaches, so that whoever sees it marks it handled everywhere.
///
/// When the last stage that carries it goes away and nobody has seen it, it is reported at that moment.
@usableFromInline final class Failure {
  @usableFromInline let error: any Error
  @safe @exclusivity(unchecked) @usableFromInline var isHandled = false
  /// Where it was fired is among the ``FiringSites``.
  @safe @exclusivity(unchecked) var hasFiringSite = false
  private let line: UInt32
  private let file: UInt

  /// - Parameter origin: where the Deferred was made that failed first.
  init(_ error: any Error, origin: DeferredOrigin) {
    self.error = error
    line = origin.line
    file = origin.file
  }

  /// The error, for someone who takes care of it.
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
