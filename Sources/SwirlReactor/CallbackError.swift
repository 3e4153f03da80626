public import SwirlDeferred

/// An error that a callback of the program threw, and that nothing handled: for ``Reactor/onError``.
public struct CallbackError: Error, Sendable, CustomStringConvertible {
  /// The kind of callback.
  public struct Code: Sendable, Hashable, CustomStringConvertible {
    /// The callback in words.
    public let description: String

    /// A call, a timer, the event of a descriptor or a signal, a hook of the loop, work on a thread.
    public static let callback = Code(description: "the callback made at")
    /// The Deferred of a shutdown trigger or a startup trigger failed.
    public static let trigger = Code(description: "the Deferred of the trigger made at")
    /// A failure of a Deferred that nothing handled; see `DeferredReport`.
    public static let unhandledFailure = Code(description: "the Deferred made at")
  }

  /// The kind of callback.
  public let code: Code
  /// The error.
  public let error: any Error
  /// Where the callback was added, or the Deferred made; nil if that is unknown.
  public let site: CallSite?

  init(_ code: Code, _ error: any Error, at site: CallSite?) {
    self.code = code
    self.error = error
    self.site = site
  }

  /// nil for a report without an error.
  init?(_ report: DeferredReport) {
    guard report.code == .unhandledFailure, let error = report.error else { return nil }
    self.init(.unhandledFailure, error, at: report.createdAt)
  }

  /// `the callback made at App/Main.swift:12 threw: …`
  public var description: String {
    "\(code)\(site.map { " \($0)" } ?? "") \(code == .callback ? "threw" : "failed"): \(error)"
  }
}

extension Reactor {
  /// Passes an error to the program's hook, or logs it.
  func report(_ error: CallbackError) {
    if let onError { onError(error) } else { logError("\(error)") }
  }
}
