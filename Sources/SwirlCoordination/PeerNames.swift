// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred

/// Tornado.
@available(*, unavailable, renamed: "LoopingCall") public typealias PeriodicCallback = LoopingCall

extension LoopingCall {
  /// Twisted: the body comes first, and the clock is the reactor.
  @available(*, unavailable, renamed: "init(clock:_:)")
  public convenience init(_ clock: some ReactorTime, _ body: () throws -> Void) { fatalError() }
}

extension DeferredQueue {
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
