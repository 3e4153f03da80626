import HTTPTypes
public import SwirlHTTPCore
import SwirlReactor

extension HTTPServer.Request {
  /// Checks the conditions of a request that changes something, before it does: what the current version must be, or
  /// must not be, in the order of RFC 9110 §13.2.2.
  ///
  /// ```swift
  /// // PUT and DELETE only for the version that the client knows.
  /// try request.checkPreconditions(tag: note.map { EntityTag("v\($0.version)") })
  /// ```
  ///
  /// - Parameters:
  ///   - tag: that of the current representation; nil if there is no representation.
  ///   - lastModified: when the representation changed last, in seconds since 1970; nil if that is not known.
  ///   - exists: whether there is a representation: `If-None-Match: *` creates, and never overwrites. nil: there is one
  ///     if it has a tag or a time.
  /// - Throws: ``HTTPServer/StatusError`` with 412, which a handler that rethrows it answers with. For GET and HEAD see
  ///   ``HTTPServer/Response/conditional(for:lastModified:)``, whose answer may be a 304.
  public func checkPreconditions(tag: EntityTag?, lastModified: Int? = nil, exists: Bool? = nil) throws {
    let exists = exists ?? (tag != nil || lastModified != nil)
    let outcome = Preconditions(head).outcome(
      tag: tag, lastModified: lastModified, exists: exists, now: WallClock.now)
    if outcome != .proceed { throw HTTPServer.StatusError.preconditionFailed }
  }
}

extension HTTPServer.StatusError {
  static var preconditionFailed: HTTPServer.StatusError {
    HTTPServer.StatusError(
      .preconditionFailed, "412 Precondition Failed: this is another version than the one that the request is for")
  }
}
