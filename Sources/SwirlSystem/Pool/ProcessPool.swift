public import SwirlDeferred
import SwirlNet
import SwirlPlatform
public import SwirlReactor

/// Worker processes that run functions of this program, for what needs more than one core, or may crash.
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
/// A worker is another process of this program, which is started when it is needed, runs one call at a time, and is told of it in JSON
/// through pipes of its own: what it prints is not in the way. A worker that dies fails its call alone, and another takes its place. When
/// this process ends, so do they. Letting go of the pool is as ``finish()``. Everything is used and called on the reactor's thread.
/// Python: `ProcessPoolExecutor`.
public final class ProcessPool {
  /// The most workers there will be.
  public let size: Int
  private let workers: PoolWorkers

  /// - Parameters:
  ///   - size: the most workers there will be; one for each processor when nil.
  ///   - program: the program that workers run, with functions of its own; this one when nil.
  ///   - environment: the variables of the workers.
  ///   - reactor: where they are watched.
  public init(
    size: Int? = nil, program: String? = nil, environment: ProcessEnvironment = .inherit, on reactor: Reactor = .current
  ) {
    require(
      getenv(Self.workerVariable) == nil,
      "a worker of a process pool makes a pool: call ProcessPool.serveIfWorker() before, at the beginning of main")
    self.size = size ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    require(self.size > 0, "a process pool needs one worker or more, not \(self.size)")
    var specification = ProcessSpecification(program: program ?? Self.ownProgram)
    specification.name = program ?? CommandLine.arguments.first
    specification.environment = environment.setting(Self.workerVariable, to: "1")
    specification.hasChannel = true
    workers = PoolWorkers(size: self.size, specification, on: reactor)
  }

  private static var ownProgram: String {
    #if os(Linux)
    // Also when the file has been replaced meanwhile.
    "/proc/self/exe"
    #else
    CommandLine.arguments[0]
    #endif
  }

  deinit { _ = workers.finish() }

  /// How many worker processes there are now.
  public var workerCount: Int { workers.count }

  // MARK: - Calling

  /// Runs the function in a worker, when one is free, and gives what it returns.
  ///
  /// Fails with a ``ProcessPoolError``, which has the words of what the function threw, or a ``WorkerDiedError``. Cancelling it takes the
  /// call back; where it runs already its worker is killed, and replaced. Python: `submit`.
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

  /// Runs the function of this name; what it returns is what is expected of it here.
  public func call<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ name: String, _ input: Input, returning: Output.Type = Output.self, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Output> { call(ProcessFunction<Input, Output>(name), input, file: file, line: line) }

  /// Runs the function for each of the inputs, and gives what they return in the order of the inputs.
  ///
  /// The first failure is its result, as a `FirstError` with the place of the input; the calls that are left are cancelled then, as they are
  /// by cancelling it. Python: `map`.
  public func map<Input, Output>(
    _ function: ProcessFunction<Input, Output>, _ inputs: some Sequence<Input>, file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<[Output]> {
    // No more than can run: what waits is an input, not yet a message.
    gatherResults(inputs, atMost: size, file: file, line: line) { self.call(function, $0) }
  }

  /// Runs the function of this name for each of the inputs.
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
      let reason = "\(Output.self) was expected of it, and this is none: \(WorkerMessages.words(error))"
      throw ProcessPoolError(.output, function.name, reason)
    }
  }

  // MARK: - Ending

  /// Takes no more calls, and kills the workers: calls that run or wait fail with a ``ProcessPoolError``. Succeeds when all have ended.
  @discardableResult
  public func close() -> Deferred<Void> { workers.close() }

  /// Takes no more calls, and lets the workers end when those are done that it has. Succeeds when all have ended. Python: `shutdown`.
  @discardableResult
  public func finish() -> Deferred<Void> { workers.finish() }
}

@available(*, unavailable, message: "A process pool belongs to the thread of its reactor")
extension ProcessPool: Sendable {}
