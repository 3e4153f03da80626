// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred

/// Tornado.
@available(*, unavailable, renamed: "Reactor", message: "`reactor`, or Reactor.current for this thread's")
public enum IOLoop {
  /// Tornado.
  public static func current() -> Reactor { fatalError() }
  /// Tornado.
  public static func instance() -> Reactor { fatalError() }
}
/// SwiftNIO.
@available(*, unavailable, renamed: "Reactor") public typealias EventLoop = Reactor
/// SwiftNIO.
@available(*, unavailable, renamed: "ReactorGroup") public typealias EventLoopGroup = ReactorGroup
/// SwiftNIO.
@available(*, unavailable, renamed: "ReactorGroup") public typealias MultiThreadedEventLoopGroup = ReactorGroup
/// asyncio.
@available(*, unavailable, renamed: "DelayedCall") public typealias TimerHandle = DelayedCall

extension Reactor {
  /// Twisted, asyncio and Tornado count seconds.
  @available(*, unavailable, message: "a delay is a Duration: callLater(.seconds(1)) { … }")
  @discardableResult
  public func callLater(_ seconds: Double, _ body: () throws -> Void) -> DelayedCall { fatalError() }
  /// Twisted: a Deferred of later.
  @available(*, unavailable, message: "callLater takes a closure; a Deferred of later is reactor.sleep(.seconds(1))")
  public func callLater(_ seconds: Double) -> Deferred<Void> { fatalError() }
  /// Twisted: a Deferred of later.
  @available(*, unavailable, message: "callLater takes a closure; a Deferred of later is reactor.sleep(delay)")
  public func callLater(_ delay: Duration) -> Deferred<Void> { fatalError() }
  /// Twisted.
  @available(
    *, unavailable, message: "on the reactor's thread use callSoon, on another one reactor.remote.callFromThread"
  )
  public func callFromThread(_ body: () throws -> Void) { fatalError() }
  /// asyncio: `call_soon_threadsafe`.
  @available(
    *, unavailable, message: "on the reactor's thread use callSoon, on another one reactor.remote.callFromThread"
  )
  public func callSoonThreadsafe(_ body: () throws -> Void) { fatalError() }
  /// Twisted: `task.deferLater`.
  @available(*, unavailable, message: "reactor.sleep(delay).addCallback { … } does it")
  public func deferLater<Value>(_ delay: Duration, _ body: () throws -> Value) -> Deferred<Value> { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "delayedCalls")
  public func getDelayedCalls() -> [DelayedCall] { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "readers")
  public func getReaders() -> [Int32] { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "writers")
  public func getWriters() -> [Int32] { fatalError() }
  /// Twisted.
  @available(*, unavailable, message: "reactor.threadPool.size = 20")
  public func suggestThreadPoolSize(_ size: Int) { fatalError() }
  /// asyncio: `set_exception_handler`.
  @available(*, unavailable, renamed: "onError")
  public func setExceptionHandler(_ handler: (any Error) -> Void) { fatalError() }
  /// Twisted: `reactor.seconds()`.
  @available(*, unavailable, renamed: "now")
  public func seconds() -> Instant { fatalError() }
  /// Tornado: `add_callback`, `spawn_callback`.
  @available(*, unavailable, renamed: "callSoon(_:)")
  public func addCallback(_ body: () throws -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "callSoon(_:)")
  public func execute(_ body: () throws -> Void) { fatalError() }
  /// Tornado: `add_timeout`.
  @available(*, unavailable, renamed: "callLater(_:_:)")
  public func addTimeout(_ delay: Duration, _ body: () throws -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "callLater(_:_:)")
  public func scheduleTask(in delay: Duration, _ body: () throws -> Void) { fatalError() }
  /// asyncio, Tornado: `run_in_executor`.
  @available(*, unavailable, renamed: "deferToThread(_:)")
  public func runInExecutor<Value: Sendable>(_ work: () throws -> Value) -> Deferred<Value> { fatalError() }
  /// asyncio: `run_forever`.
  @available(*, unavailable, renamed: "run()")
  public func runForever() { fatalError() }
  /// Tornado, libuv and others: the loop's start.
  @available(*, unavailable, renamed: "run()")
  public func start() { fatalError() }
  /// Tornado: `add_handler`.
  @available(*, unavailable, message: "addReader(descriptor) { … } and addWriter(descriptor) { … } watch a descriptor")
  public func addHandler(_ descriptor: Int32, _ body: () throws -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, message: "Deferred<Value>() makes one: `callback` and `errback` fire it")
  public func makePromise<Value>(of type: Value.Type) -> Deferred<Value> { fatalError() }
}

extension ThreadPool {
  /// Twisted.
  @available(*, unavailable, message: "pool.size = 20")
  public func adjustPoolsize(_ minthreads: Int? = nil, _ maxthreads: Int? = nil) { fatalError() }
}
