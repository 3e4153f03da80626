import Synchronization

/// Something that went wrong with a Deferred and that no code saw: it is told, and never crashes the program.
///
/// Reports go to one hook for the process. It writes to standard error until ``setHandler(_:)`` puts another in its place:
/// `SwirlReactor` sends them to swift-log, a test kit turns them into test failures.
public struct DeferredReport: Sendable, CustomStringConvertible {
  /// What happened.
  public struct Code: Sendable, Hashable {
    private let rawValue: UInt8
    /// A failure was let go of, and no errback, `addBoth`, `await` or consuming list had seen it.
    public static let unhandledFailure = Code(rawValue: 0)
    /// `callback` or `errback` was called on a Deferred that has its result, or that gets it from another one.
    public static let firedTwice = Code(rawValue: 1)
    /// Debug mode only: a Deferred that callbacks wait for was let go of before it fired.
    public static let abandoned = Code(rawValue: 2)
    /// Debug mode only: a task awaits a Deferred on a thread where no reactor runs that could fire it.
    public static let awaitedWithoutReactor = Code(rawValue: 3)
    /// The main actor awaits a Deferred, and for three seconds its reactor has had nothing to wait for. Reported once a process.
    public static let nothingToFireIt = Code(rawValue: 4)
  }

  /// What happened.
  public let code: Code
  /// The error of a failure that nobody handled.
  public let error: (any Error)?
  /// Where the second firing was.
  public let site: CallSite?
  /// Where the Deferred was made: for a failure, the one that failed first.
  public let createdAt: CallSite?
  /// Where it was fired first; known in debug mode.
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

  /// One line that says what happened, where, and what to do.
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
        a Deferred is awaited in main, and nothing is under way on the main reactor that could fire it: call its callback or errback \
        from what you started, before you await it; if another thread fires it later, all is well
        """
    default:
      text = "a Deferred was let go of unfired while callbacks wait for it; keep it until it is fired"
    }
    if let site { text += ", at \(site)" }
    if let createdAt { text += ", made at \(createdAt)" }
    if let firedAt { text += ", first fired at \(firedAt)" }
    return text
  }

  // MARK: - The hook

  /// What receives the reports of the process. It may be called on any thread that runs a reactor.
  public typealias Handler = @Sendable (DeferredReport) -> Void

  /// The handler in a wrapper: a bare closure would gain a layer, for the generic parameter of the mutex, each time that it
  /// was read under the lock, and after some thousand reports the layers overflow the stack.
  private struct Hook: Sendable {
    /// What the program has set.
    var handler: Handler?
    /// What a layer above has set, for programs that set nothing.
    var fallback: Handler?
  }

  private static let hook = Mutex(Hook())

  /// Sets where reports go in a program that sets no handler.
  package static func setFallback(_ fallback: @escaping Handler) {
    hook.withLock { $0.fallback = fallback }
  }

  /// Puts `handler` in place of the one before, which is returned. With nil, reports go to swift-log once there is a reactor, and
  /// to standard error before.
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

/// Whether Deferreds remember where they were fired first, so that reports can say so, and those that are released unfired, or awaited
/// where no reactor runs, are reported too. Off by default: each firing then takes a lock. It holds for what is fired after it is
/// switched on. Where a Deferred was made is always known. Twisted: `setDebugging`.
public var deferredDebugging: Bool {
  get { debuggingFlag.load(ordering: .relaxed) }
  set { debuggingFlag.store(newValue, ordering: .relaxed) }
}

private let debuggingFlag = Atomic<Bool>(false)
