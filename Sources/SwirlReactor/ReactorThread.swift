public import SwirlDeferred
import SwirlPlatform

/// A reactor on its own thread, for programs whose main thread does other work.
///
/// ```swift
/// let thread = ReactorThread()
/// let text = try await thread.run { _ in fetch("http://127.0.0.1:8080/").addCallback(\.text) }
/// await thread.stop()
/// ```
///
/// It runs until ``stop()``, or until this is released. Any thread may use it.
public final class ReactorThread: Sendable {
  /// The thread that `try await fetch(url)` uses on a thread without a reactor. It starts on first use, and never
  /// stops.
  public static let shared = ReactorThread(name: "swirl-shared")

  /// The remote of its reactor, which is also the executor for actors on the thread.
  public let remote = RemoteReactor()
  private let ending = Ending()

  /// Starts the thread and its reactor.
  /// - Parameter name: the thread's name in debuggers and in `top -H`, up to 15 bytes.
  public init(name: String = "swirl-reactor") {
    let code = SystemThread.start(name: name) { [remote, ending] in
      // This scope releases the reactor before the end of the thread is reported.
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

  /// Runs `body` on the thread and returns its value. See `RemoteReactor.run`.
  @inlinable
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Value
  ) async throws -> Value {
    try await remote.run(file: file, line: line, body)
  }

  /// Runs `body` on the thread and awaits the Deferred that it returns; cancelling the task cancels that.
  @inlinable
  public func run<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Inner
  ) async throws -> Inner.Value where Inner.Value: Sendable {
    try await remote.run(file: file, line: line, body)
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed(x)`.
  /// Runs `body` on the thread and awaits the Deferred that it returns; cancelling the task cancels that.
  @_disfavoredOverload
  @inlinable
  public func run<Value: Sendable>(
    file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (_ reactor: Reactor) throws -> Deferred<Value>
  ) async throws -> Value {
    try await remote.run(file: file, line: line, body)
  }

  /// Stops the reactor, as its own `stop` does, and waits until it is released and the thread ends. A second call only
  /// waits.
  public func stop() async {
    remote.stop()
    await ending.wait()
  }

  /// Waits until the reactor is stopped and released.
  func ended() async { await ending.wait() }

  /// Like `stop()`, for synchronous code: blocks the calling thread, which must not be this one.
  @available(*, noasync, message: "await stop() instead")
  public func stopAndJoin() {
    require(!remote.isCurrent, "a thread cannot wait for its own end: call reactor.stop()")
    remote.stop()
    ending.block()
  }
}

/// A one-time event with waiters.
///
/// Unchecked: its state is only accessed under the lock.
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
