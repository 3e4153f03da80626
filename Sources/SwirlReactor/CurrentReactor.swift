import CSwirlSystem
import SwirlDeferred
import SwirlPlatform

/// The reactor of each thread.
enum CurrentReactor {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    require(pthread_key_create(&key, nil) == 0, "no thread-specific key left for the current reactor")
    return key
  }()

  /// Unretained is right: it is set by `run` of a reactor, which its caller holds, and put back before that returns, or
  /// set to the main reactor, which lives for ever.
  static var get: Reactor? {
    pthread_getspecific(key).map { Unmanaged<Reactor>.fromOpaque($0).takeUnretainedValue() }
  }

  @discardableResult
  static func replace(with reactor: Reactor?) -> Reactor? {
    let previous = get
    pthread_setspecific(key, reactor.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) })
    return previous
  }
}

var isMainThread: Bool {
  #if os(Linux)
  swirl_is_main_thread() != 0
  #else
  pthread_main_np() != 0
  #endif
}

extension Reactor {
  /// The main thread's reactor. The global ``reactor`` is the same object.
  ///
  /// A program that is async from its `main`, or awaits at the top level of `main.swift`, does not run it: where this was used before the
  /// first wait, it runs on the main thread whenever `main` waits, until ``stop()``. There SIGINT and SIGTERM keep what they do. (Linux)
  @MainActor public static let main = Reactor(isMain: true)

  /// The reactor of this thread: the one that runs here, or on the main thread ``main``, running or not yet.
  ///
  /// On any other thread there is none, and asking for it is a programming error.
  public static var current: Reactor {
    guard let current = currentIfAny else {
      fatalError(
        """
        this thread has no reactor: call this from a callback, from the main thread, or through remote.callFromThread; in code that \
        awaits, try await fetch(url) and ReactorThread work on every thread
        """)
    }
    return current
  }

  /// The reactor that runs on this thread, if one does.
  package static var running: Reactor? {
    guard let current = CurrentReactor.get, current.isRunning else { return nil }
    return current
  }

  /// As `current`, or nil on a thread that has none.
  package static var currentIfAny: Reactor? {
    if let current = CurrentReactor.get { return current }
    guard isMainThread else { return nil }
    // Unchecked is right: it is handed out on the main thread, from which it was taken.
    nonisolated(unsafe) var main: Reactor?
    MainActor.assumeIsolated { main = Reactor.main }
    CurrentReactor.replace(with: main)
    return main
  }
}

/// The main thread's reactor, for programs that have one thread: `reactor.run()`.
@MainActor public var reactor: Reactor { Reactor.main }
