/// A failure as it travels: one object on every branch it reaches, so that whoever sees it marks it handled everywhere.
///
/// When the last stage that carries it goes away and nobody has seen it, it is reported at that moment.
@usableFromInline final class Failure {
  @usableFromInline let error: any Error
  @safe @exclusivity(unchecked) @usableFromInline var isHandled = false
  @usableFromInline let origin: DeferredOrigin?

  @usableFromInline init(_ error: any Error, origin: DeferredOrigin?) {
    self.error = error
    self.origin = origin
  }

  /// The error, for someone who takes care of it.
  @inlinable func handled() -> any Error {
    isHandled = true
    return error
  }

  deinit {
    if !isHandled { DeferredReport(.unhandledFailure, error: error, site: nil, origin: origin).send() }
  }
}
