import Synchronization

/// An error in the use of a Deferred that no code has handled. It is reported, and never crashes the program.
///
/// Reports go to one process-wide handler. It writes to standard error until ``setHandler(_:)`` replaces it:
/// `SwirlReactor` sends them to swift-log, a test kit turns them into test failures.
public struct DeferredReport: Sendable, CustomStringConvertible {
  /// The kind of report.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// A failure was released before an errback, `addBoth`, `await` or consuming list had handled it.
    public static let unhandledFailure = Code(rawValue: 0)
    /// `callback` or `errback` was called on a Deferred that has its result, or receives it from another one.
    public static let firedTwice = Code(rawValue: 1)
    /// Debug mode only: a Deferred with waiting callbacks was released before it fired.
    public static let abandoned = Code(rawValue: 2)
    /// Debug mode only: a task awaits a Deferred on a thread without a running reactor that could fire it.
    public static let awaitedWithoutReactor = Code(rawValue: 3)
    /// The main actor awaits a Deferred, and for three seconds its reactor was stopped or had no pending work. Reported
    /// once per process.
    public static let nothingToFireIt = Code(rawValue: 4)
  }

  /// The kind of report.
  public let code: Code
  /// The error of an unhandled failure.
  public let error: (any Error)?
  /// The place of the second firing.
  public let site: CallSite?
  /// The place where the Deferred was made; for a failure, the Deferred that failed first.
  public let createdAt: CallSite?
  /// The place of the first firing; known in debug mode.
  public let firedAt: CallSite?

  init(
    _ code: Code, error: (any Error)? = nil, site: CallSite? = nil, createdAt: DeferredOrigin, firedAt: CallSite? = nil
  ) {
    self.code = code
    self.error = error
    self.site = site
    self.createdAt = createdAt.site
    self.firedAt = firedAt
  }

  /// One line with the report, the place, and what to do.
  public var description: String {
    var text: String
    switch code {
    case .unhandledFailure:
      text = "unhandled failure in a Deferred: \(error.map { "\($0)" } ?? "unknown error"); add an errback"
    case .firedTwice:
      text = "callback or errback on a Deferred that has its result already, ignored"
    case .awaitedWithoutReactor:
      text = """
        a Deferred is awaited where no reactor runs, and so may never be fired: start the reactor with reactor.run(), or run \
        the async code with runUntilComplete
        """
    case .nothingToFireIt:
      text = """
        a Deferred is awaited in main, and the main reactor cannot fire it, because reactor.stop() has ended it or nothing \
        is under way on it: call the callback or errback from what you started, before you await it; if another thread \
        fires it later, all is well
        """
    default:
      text = "a Deferred was released unfired while callbacks wait for it; keep it until it is fired"
    }
    if let site { text += ", at \(site)" }
    if let createdAt { text += ", made at \(createdAt)" }
    if let firedAt { text += ", first fired at \(firedAt)" }
    return text
  }

  // MARK: - The handler

  /// Receives the reports of the process. It may be called on any thread that runs a reactor.
  public typealias Handler = @Sendable (DeferredReport) -> Void

  /// Wraps the handler. The mutex would wrap a bare closure in one more thunk (for its generic parameter) on each read
  /// under the lock, and after some thousand reports the thunks overflow the stack.
  private struct Hook: Sendable {
    /// The program's handler.
    var handler: Handler?
    /// The handler of a higher layer, for programs that set no handler.
    var fallback: Handler?
  }

  private static let hook = Mutex(Hook())

  /// Sets the handler for programs that set no handler.
  package static func setFallback(_ fallback: @escaping Handler) {
    hook.withLock { $0.fallback = fallback }
  }

  /// Replaces the handler and returns the previous one. With nil, reports go to swift-log once a reactor exists, before
  /// that to standard error.
  @discardableResult
  public static func setHandler(_ handler: Handler?) -> Handler? {
    hook.withLock { hook in
      defer { hook.handler = handler }
      return hook
    }.handler
  }

  func send() {
    let hook = Self.hook.withLock { $0 }
    if let handler = hook.handler ?? hook.fallback {
      handler(self)
    } else {
      var standardError = StandardError()
      print("Swirl: \(self)", to: &standardError)
    }
  }
}

// MARK: - Debug mode

/// Debug mode. When on, reports name the place of the first firing, and Deferreds that are released unfired, or awaited
/// without a running reactor, are reported too. Off by default, because each firing then takes a lock. It applies to
/// Deferreds fired after it is switched on. The creation site is always known. `SWIRL_DEBUG=1` in the environment
/// switches it on when the first reactor is made, or used. Twisted: `setDebugging`.
public var deferredDebugging: Bool {
  get { debuggingFlag.load(ordering: .relaxed) }
  set { debuggingFlag.store(newValue, ordering: .relaxed) }
}

private let debuggingFlag = Atomic<Bool>(false)
