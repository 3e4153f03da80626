public import SwirlDeferred
import SwirlNet
import SwirlPlatform
public import SwirlReactor
public import SwirlSystem

/// Worker processes that run functions of this program, for work that needs more than one core or may crash.
///
/// ```swift
/// let square = ProcessFunction<Int, Int>("square")
/// ProcessPool.register(square) { $0 * $0 }
/// ProcessPool.serveIfWorker()                     // at the beginning of main
///
/// let pool = ProcessPool(size: 4)
/// pool.map(square, [1, 2, 3]).addCallback { squares in print(squares) }
/// ```
///
/// A worker is another process of this program. The pool starts it on demand, and sends it one call at a time as JSON
/// through its own pipes, so that it may print. A worker that dies fails only its own call, and the pool starts
/// another. The workers end with this process. Releasing the pool has the effect of ``close()``. Use it on the
/// reactor's thread alone; callbacks run there. Python: `ProcessPoolExecutor`.
public final class ProcessPool {
  /// The maximum number of workers.
  public let size: Int
  private let workers: PoolWorkers

  /// - Parameters:
  ///   - size: the maximum number of workers; nil is one for each processor.
  ///   - program: the program of the workers, which registers the functions; nil is this program.
  ///   - environment: the workers' environment variables.
  ///   - reactor: the reactor that watches them.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public init(
    size: Int? = nil, program: String? = nil, environment: ProcessEnvironment = .inherit,
    on reactor: Reactor = .current,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    require(
      getenv(Self.workerVariable) == nil,
      "a worker of a process pool makes a pool: call ProcessPool.serveIfWorker() before, at the beginning of main")
    self.size = size ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    require(self.size > 0, "a process pool needs one worker or more, not \(self.size)")
    let environment = environment.setting(Self.workerVariable, to: "1")
    workers = PoolWorkers(size: self.size) { [unowned reactor] () throws(ProcessError) in
      try reactor.spawnProcess(
        program ?? Self.ownProgram, named: program ?? CommandLine.arguments.first, environment: environment,
        descriptors: [WorkerDescriptors.calls: .input, WorkerDescriptors.answers: .output], file: file, line: line)
    }
  }

  private static var ownProgram: String {
    #if os(Linux)
    // Names this program even if its file has been replaced since it started.
    "/proc/self/exe"
    #else
    CommandLine.arguments[0]
    #endif
  }

  deinit { _ = workers.close() }

  /// The number of worker processes now.
  public var workerCount: Int { workers.count }

  // MARK: - Calling

  /// Runs the function in the next free worker, and gives its return value.
  ///
  /// Fails with a ``ProcessPoolError``, which has the text of the error that the function threw, or with a
  /// ``WorkerDiedError``. Cancelling removes the call from the queue; if it runs already, the pool kills and replaces
  /// its worker. Python: `submit`.
  public func call<Input, Output>(
    _ function: ProcessFunction<Input, Output>, _ input: Input, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<Output> {
    let message: [UInt8]
    do {
      message = try WorkerMessages.framing.encode(
        try WorkerMessages.encode(WorkerMessages.Call(function: function.name, input: input)))
    } catch {
      let reason = "the input cannot be written as JSON: \(WorkerMessages.words(error))"
      return .fail(ProcessPoolError(.input, function.name, reason), file: file, line: line)
    }
    let call = PoolCall(function.name, message)
    let deferred = Deferred<Output>(
      canceller: { [weak workers, weak call] _ in
        if let call { workers?.cancel(call) }
      }, file: file, line: line)
    call.onResult = { result in
      deferred.fire(
        with: Result { try Self.output(of: function, try result.get()) })
    }
    workers.start(call)
    return deferred
  }

  /// Runs the function of this name. The expected output type is that of the call site.
  public func call<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ name: String, _ input: Input, returning: Output.Type = Output.self, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Output> { call(ProcessFunction<Input, Output>(name), input, file: file, line: line) }

  /// Runs the function for each input, and gives the return values in the order of the inputs.
  ///
  /// The first failure ends it, as a `FirstError` with the index of the input. That, or cancelling it, cancels the
  /// remaining calls. Python: `map`.
  public func map<Input, Output>(
    _ function: ProcessFunction<Input, Output>, _ inputs: some Sequence<Input>, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<[Output]> {
    // No more than can run at a time: a queued input is smaller than its encoded message.
    gatherResults(inputs, atMost: size, file: file, line: line) { self.call(function, $0) }
  }

  /// Runs the function of this name for each input.
  public func map<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ name: String, _ inputs: some Sequence<Input>, returning: Output.Type = Output.self, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<[Output]> { map(ProcessFunction<Input, Output>(name), inputs, file: file, line: line) }

  private static func output<Input, Output>(
    of function: ProcessFunction<Input, Output>, _ answer: [UInt8]
  ) throws -> Output {
    do { return try WorkerMessages.decode(WorkerMessages.Success<Output>.self, answer).output } catch {
      if let failure = try? WorkerMessages.decode(WorkerMessages.Failure.self, answer) {
        throw ProcessPoolError(failure.code, function.name, failure.reason)
      }
      let reason = "\(Output.self) was expected of it, and this is not one: \(WorkerMessages.words(error))"
      throw ProcessPoolError(.output, function.name, reason)
    }
  }

  // MARK: - Ending

  /// Accepts no more calls, and ends each worker when the accepted calls are done. Succeeds when all workers have
  /// ended. Python: `close` and `join`.
  @discardableResult
  public func close() -> Deferred<Void> { workers.close() }

  /// Accepts no more calls and kills the workers. Running and queued calls fail with a ``ProcessPoolError``. Succeeds
  /// when all workers have ended. Python: `terminate`.
  @discardableResult
  public func abort() -> Deferred<Void> { workers.abort() }

  /// Renamed.
  @available(*, unavailable, renamed: "close()")
  public func finish() -> Deferred<Void> { fatalError() }
}

@available(*, unavailable, message: "A process pool belongs to the thread of its reactor")
extension ProcessPool: Sendable {}
