// What other libraries call the things of this module. The compiler answers with the name here.

// MARK: - Types

/// asyncio, Tornado.
@available(*, unavailable, renamed: "Deferred") public typealias Future<Value> = Deferred<Value>
/// SwiftNIO.
@available(*, unavailable, renamed: "Deferred") public typealias EventLoopFuture<Value> = Deferred<Value>
/// SwiftNIO.
@available(*, unavailable, renamed: "Deferred", message: "a Deferred is its own promise: `callback` fires it")
public typealias EventLoopPromise<Value> = Deferred<Value>

// MARK: - Verbs

extension Deferred {
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addCallback(_:)")
  public func map<Out>(_ callback: (Value) throws -> Out) -> Deferred<Out> { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addCallback(_:)")
  public func flatMap<Out>(_ callback: (Value) throws -> Deferred<Out>) -> Deferred<Out> { fatalError() }
  /// JavaScript.
  @available(*, unavailable, renamed: "addCallback(_:)")
  public func then<Out>(_ callback: (Value) throws -> Out) -> Deferred<Out> { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addCallback(_:)")
  public func whenSuccess(_ callback: (Value) -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addErrback(_:)")
  public func whenFailure(_ errback: (any Error) -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addErrback(_:)")
  public func flatMapError(_ errback: (any Error) throws -> Deferred<Value>) -> Deferred<Value> { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addErrback(_:)")
  public func recover(_ errback: (any Error) throws -> Value) -> Deferred<Value> { fatalError() }
  /// JavaScript.
  @available(*, unavailable, renamed: "addErrback(_:)")
  public func `catch`(_ errback: (any Error) -> Void) -> Deferred<Value> { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addBoth(_:)")
  public func whenComplete(_ function: (Result<Value, any Error>) -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "addBoth(_:)")
  public func always(_ function: (Result<Value, any Error>) -> Void) -> Deferred<Value> { fatalError() }
  /// asyncio: `add_done_callback`.
  @available(*, unavailable, renamed: "addBoth(_:)")
  public func addDoneCallback(_ function: (Deferred<Value>) -> Void) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "chainDeferred(_:)")
  public func cascade(to target: Deferred<Value>?) { fatalError() }
  /// asyncio: `set_result`.
  @available(*, unavailable, renamed: "callback(_:)")
  public func setResult(_ value: Value) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "callback(_:)")
  public func succeed(_ value: Value) { fatalError() }
  /// asyncio: `set_exception`.
  @available(*, unavailable, renamed: "errback(_:)")
  public func setException(_ error: any Error) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, renamed: "errback(_:)")
  public func fail(_ error: any Error) { fatalError() }
  /// SwiftNIO.
  @available(*, unavailable, message: "await its `value`: try await deferred.value")
  public func get() async throws -> Value { fatalError() }
  /// SwiftNIO.
  @available(
    *, unavailable,
    message: "a thread that waits cannot run its reactor: use addCallback, or `value` in code that awaits"
  )
  public func wait() throws -> Value { fatalError() }
  /// asyncio: `done`.
  @available(*, unavailable, renamed: "isFired")
  public var done: Bool { fatalError() }
  /// Twisted: the attribute.
  @available(*, unavailable, renamed: "isFired")
  public var called: Bool { fatalError() }
}

extension Deferred {
  /// Swift's `Result`.
  @available(*, unavailable, renamed: "succeed(_:)")
  public static func success(_ value: Value) -> Deferred<Value> { fatalError() }
  /// Swift's `Result`.
  @available(*, unavailable, renamed: "fail(_:)")
  public static func failure(_ error: any Error) -> Deferred<Value> { fatalError() }
}

// MARK: - Functions

/// Twisted: `defer.succeed`.
@available(*, unavailable, renamed: "Deferred.succeed(_:)")
public func succeed<Value>(_ value: Value) -> Deferred<Value> { fatalError() }

/// Twisted: `defer.fail`.
@available(*, unavailable, message: "Deferred<Value>.fail(error) is one that has failed already")
public func fail(_ error: any Error) -> Deferred<Never> { fatalError() }

// swift-format-ignore: TypeNamesShouldBeCapitalized
/// asyncio: functions of the module.
public enum asyncio {
  /// asyncio.
  @available(*, unavailable, message: "reactor.sleep(.seconds(1)), or try await Task.sleep(for: .seconds(1))")
  public static func sleep(_ seconds: Double) -> Deferred<Void> { fatalError() }
  /// asyncio.
  @available(*, unavailable, message: "shield(deferred) does it")
  public static func shield<Value>(_ deferred: Deferred<Value>) -> Deferred<Value> { fatalError() }
  /// asyncio.
  @available(*, unavailable, message: "gatherResults(list), or gather(a, b) for two to five of different types")
  public static func gather<Value>(_ deferreds: Deferred<Value>...) -> Deferred<[Value]> { fatalError() }
}

/// Twisted: `task.deferLater`, in seconds.
@available(*, unavailable, message: "reactor.sleep(delay).addCallback { … } does it")
public func deferLater<Value>(
  _ clock: some ReactorTime, _ seconds: Double, _ body: () throws -> Value
) -> Deferred<Value> { fatalError() }

/// asyncio: `gather(*awaitables)`.
@available(*, unavailable, renamed: "gatherResults(_:)")
public func gather<Value>(_ deferreds: [Deferred<Value>]) -> Deferred<[Value]> { fatalError() }

/// Tornado: `gen.multi`.
@available(*, unavailable, renamed: "gatherResults(_:)")
public func multi<Value>(_ deferreds: [Deferred<Value>]) -> Deferred<[Value]> { fatalError() }

/// Twisted.
@available(*, unavailable, message: "Deferred { try await … } makes a Deferred from code that awaits")
public func ensureDeferred<Value>(_ body: () async throws -> Value) -> Deferred<Value> { fatalError() }

/// Twisted.
@available(*, unavailable, message: "Deferred { try await … } makes a Deferred from code that awaits")
public func inlineCallbacks<Value>(_ body: () async throws -> Value) -> Deferred<Value> { fatalError() }

/// asyncio: `create_task`.
@available(*, unavailable, message: "Deferred { try await … } makes a Deferred from code that awaits")
public func createTask<Value>(_ body: () async throws -> Value) -> Deferred<Value> { fatalError() }

/// Twisted: `task.deferLater`.
@available(*, unavailable, message: "reactor.sleep(delay).addCallback { … } does it")
public func deferLater<Value>(
  _ clock: some ReactorTime, _ delay: Duration, _ body: () throws -> Value
) -> Deferred<Value> { fatalError() }

/// asyncio: `wait_for`.
@available(*, unavailable, message: "deferred.addTimeout(limit, clock: reactor) does it")
public func waitFor<Value>(_ deferred: Deferred<Value>, _ limit: Duration) -> Deferred<Value> { fatalError() }
