// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred

/// Tornado.
@available(*, unavailable, renamed: "LoopingCall") public typealias PeriodicCallback = LoopingCall

extension LoopingCall {
  /// Twisted: the clock is the reactor.
  @available(*, unavailable, message: "name the clock: LoopingCall(clock: reactor) { … }")
  public convenience init(_ body: () throws -> Void) { fatalError() }
  /// Tornado: `PeriodicCallback`.
  @available(*, unavailable, message: "LoopingCall(clock: reactor) { … }.start(every: .milliseconds(100))")
  public convenience init(_ body: () throws -> Void, _ milliseconds: Double) { fatalError() }
  /// Twisted: in seconds.
  @available(*, unavailable, message: "an interval is a Duration: start(every: .seconds(1))")
  public func start(_ seconds: Double, now: Bool = true) -> Deferred<Void> { fatalError() }
  /// Twisted: the body comes first, and the clock is the reactor.
  @available(*, unavailable, renamed: "init(clock:_:)")
  public convenience init(_ clock: some ReactorTime, _ body: () throws -> Void) { fatalError() }
}

extension DeferredQueue {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// asyncio.
  @available(*, unavailable, renamed: "putNowait(_:)")
  public func put_nowait(_ element: Element) throws { fatalError() }
  // swift-format-ignore: AlwaysUseLowerCamelCase
  /// asyncio.
  @available(*, unavailable, renamed: "getNowait()")
  public func get_nowait() throws -> Element { fatalError() }
  /// asyncio: `qsize`.
  @available(*, unavailable, renamed: "count")
  public func qsize() -> Int { fatalError() }
  /// asyncio: `maxsize`.
  @available(*, unavailable, renamed: "size")
  public var maxsize: Int { fatalError() }
}

extension DeferredSemaphore {
  /// Dispatch.
  @available(*, unavailable, renamed: "acquire()")
  public func wait() { fatalError() }
  /// Dispatch.
  @available(*, unavailable, renamed: "release()")
  public func signal() { fatalError() }
}
