import CSwirlSystem
import Dispatch
import SwirlDeferred
import SwirlPlatform

/// The reactor of each thread.
enum CurrentReactor {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    require(pthread_key_create(&key, nil) == 0, "no thread-specific key left for the current reactor")
    return key
  }()

  /// Unretained is safe: a reactor's `run` sets it, while the caller retains the reactor, and resets it before it
  /// returns. The main reactor, which may also be set here, is never freed.
  static var get: Reactor? {
    pthread_getspecific(key).map { Unmanaged<Reactor>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Sets the reactor of this thread. The previous one may have no turn for long, or never: it keeps no result.
  @discardableResult
  static func replace(with reactor: Reactor?) -> Reactor? {
    let previous = get
    previous?.resumptions.send()
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

/// Whether the main actor's queue is running, on any thread.
private var isMainQueue: Bool {
  let key = DispatchSpecificKey<Bool>()
  DispatchQueue.main.setSpecific(key: key, value: true)
  defer { DispatchQueue.main.setSpecific(key: key, value: nil) }
  return DispatchQueue.getSpecific(key: key) == true
}

extension Reactor {
  /// The main thread's reactor. The global ``reactor`` is the same object.
  ///
  /// A program that is async from its `main`, or awaits at the top level of `main.swift`, does not call `run`: if it
  /// uses this, or awaits `fetch`, before its first suspension, the reactor runs on the main thread whenever `main`
  /// waits, until ``stop()``. SIGINT and SIGTERM keep their effect there. (Linux)
  @MainActor public static let main = Reactor(isMain: true)

  /// The reactor of this thread: the running one, or on the main thread ``main``, even before it runs.
  ///
  /// Any other thread has no reactor, and this traps.
  public static var current: Reactor {
    guard let current = currentIfAny else { fatalError(wordsForNone) }
    return current
  }

  /// Advice for a thread without a reactor.
  private static var wordsForNone: String {
    if isMainQueue {
      return """
        the main reactor does not run, since main was suspended before it was first used: write `_ = reactor` before the first await of \
        main.swift or of main(), and it runs whenever main waits; or await what needs no reactor here: try await fetch(url)
        """
    }
    return """
      this thread has no reactor, as in an actor or a task of its own: there, await forms that need none, such as try await fetch(url); \
      or work on a reactor's thread: try await ReactorThread.shared.run { reactor in … }, which waits for the Deferred that is returned; \
      or let the actor live there: nonisolated var unownedExecutor: UnownedSerialExecutor { remote.asUnownedSerialExecutor() }. \
      From a thread of your own: remote.callFromThread
      """
  }

  /// The reactor for a call that is awaited from any thread: the one that runs here, or that of `ReactorThread.shared`.
  ///
  /// Before `main` is suspended for the first time this also makes the main reactor, so that it runs from then on
  /// whenever `main` waits: later it would be too late.
  package static var remoteForAwaiting: RemoteReactor {
    if let running { return running.remote }
    if isMainThread { _ = currentIfAny }
    return ReactorThread.shared.remote
  }

  /// The running reactor of this thread, if any.
  package static var running: Reactor? {
    guard let current = CurrentReactor.get, current.isRunning else { return nil }
    return current
  }

  /// Like `current`, or nil on a thread without a reactor.
  package static var currentIfAny: Reactor? {
    if let current = CurrentReactor.get { return current }
    guard isMainThread else { return nil }
    // Unchecked is safe: it is returned on the main thread, from which it was taken.
    nonisolated(unsafe) var main: Reactor?
    MainActor.assumeIsolated { main = Reactor.main }
    CurrentReactor.replace(with: main)
    return main
  }
}

/// The main thread's reactor, for programs that have one thread: `reactor.run()`.
@MainActor public var reactor: Reactor { Reactor.main }
