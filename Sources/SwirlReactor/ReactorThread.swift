public import SwirlDeferred
import SwirlPlatform

/// A reactor that runs on a thread of its own, for programs whose main thread does something else.
///
/// ```swift
/// let thread = ReactorThread()
/// let text = try await thread.run { _ in fetch("http://127.0.0.1:8080/").addCallback(\.text) }
/// await thread.stop()
/// ```
///
/// It runs from the start until ``stop()``, or until this is let go of. Any thread may use it.
public final class ReactorThread: Sendable {
  /// The one that `try await fetch(url)` uses where no reactor runs. It is started when it is first used, and never stopped.
  public static let shared = ReactorThread(name: "swirl-shared")

  /// The face of its reactor: also the executor for actors that are to live on the thread.
  public let remote = RemoteReactor()
  private let ending = Ending()

  /// Starts the thread and its reactor.
  /// - Parameter name: what the thread is called in debuggers and in `top -H`, up to 15 bytes.
  public init(name: String = "swirl-reactor") {
    let code = SystemThread.start(name: name) { [remote, ending] in
      // The reactor has gone when it is told that the thread has ended.
      do {
        let reactor = Reactor(isMain: false, remote: remote)
        reactor.run()
        reactor.retire()
      }
      ending.reach()
    }
    require(code == 0, "cannot start a thread for a reactor: \(String(cString: strerror(code)))")
  }

  deinit { remote.stop() }

  /// Runs `body` on the thread and returns what it returns. See `RemoteReactor.run`.
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) async throws -> Value {
    try await remote.run(file: file, line: line, body)
  }

  /// Runs `body` on the thread and awaits the Deferred that it returns; when the task is cancelled, so is that.
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Inner
  ) async throws -> Inner.Value where Inner.Value: Sendable {
    try await remote.run(file: file, line: line, body)
  }

  // Disfavored: it only gives a context to a body that returns `.succeed(x)`.
  /// Runs `body` on the thread and awaits the Deferred that it returns; when the task is cancelled, so is that.
  @_disfavoredOverload
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    try await remote.run(file: file, line: line, body)
  }

  /// Stops the reactor, as its own `stop` does, and waits until it has gone and the thread ends. Called again, it only waits.
  public func stop() async {
    remote.stop()
    await ending.wait()
  }

  /// Waits until the reactor has been stopped and has gone.
  func ended() async { await ending.wait() }

  /// As `stop()`, for code that does not await: blocks the calling thread, which must not be this one.
  @available(*, noasync, message: "await stop() instead")
  public func stopAndJoin() {
    require(!remote.isCurrent, "a thread cannot wait for its own end: call reactor.stop()")
    remote.stop()
    ending.block()
  }
}

/// Something that happens once, and those who wait for it.
///
/// Unchecked: all that changes is only touched under the lock.
private final class Ending: @unchecked Sendable {
  private let lock = Lock()
  private var isReached = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func reach() {
    let waiting = lock.withLock {
      isReached = true
      lock.signalAll()
      defer { self.waiting = [] }
      return self.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  func wait() async {
    await withCheckedContinuation { waiter in
      let isReached = lock.withLock {
        if !self.isReached { waiting.append(waiter) }
        return self.isReached
      }
      if isReached { waiter.resume() }
    }
  }

  func block() {
    lock.withLock { while !isReached { lock.wait() } }
  }
}
