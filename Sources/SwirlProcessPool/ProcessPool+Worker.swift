import Dispatch
import SwirlNet
import SwirlPlatform
import SwirlReactor

extension ProcessPool {
  static let workerVariable = "SWIRL_PROCESS_POOL_WORKER"

  /// Registers a function that workers of this program run. Call it before ``serveIfWorker()``, once for each name.
  ///
  /// It runs in another process, which has only the state that the program makes before `serveIfWorker()`. Its output
  /// goes where this process prints. The caller receives the text of an error that it throws.
  public static func register<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ function: ProcessFunction<Input, Output>, _ body: @escaping @Sendable (Input) async throws -> Output
  ) { WorkerFunctions.all.add(function, body) }

  /// Registers a function by name.
  public static func register<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ name: String, _ body: @escaping @Sendable (Input) async throws -> Output
  ) { register(ProcessFunction(name), body) }

  /// In a worker: runs the pool's calls, and exits when the pool closes its pipe. In any other process: returns at
  /// once.
  ///
  /// Call it at the beginning of `main`, after the functions are registered and before anything else: every worker
  /// repeats the code before it. Functions run one at a time on another thread, while the main thread waits.
  public static func serveIfWorker() {
    guard getenv(workerVariable) != nil else { return }
    // Processes that a function starts are not workers, and must not touch the pipes.
    unsetenv(workerVariable)
    for descriptor in [WorkerDescriptors.calls, WorkerDescriptors.answers] {
      guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
        fatalError("\(workerVariable) is set, but no process pool has started this program: unset it")
      }
    }
    // A terminal sends SIGINT to all its processes; the process with the pool decides what to do.
    signal(SIGINT, SIG_IGN)
    _ = ProcessSetup.once
    endWithPool(WorkerDescriptors.calls)
    var splitter = FrameSplitter(WorkerMessages.framing)
    while let call = nextMessage(from: WorkerDescriptors.calls, &splitter) {
      let answer = wait { await WorkerFunctions.all.answer(call) }
      // Flush, because killing the worker would lose what the function printed.
      fflush(nil)
      guard let message = try? WorkerMessages.framing.encode(answer), send(message, to: WorkerDescriptors.answers)
      else { break }
    }
    exit(0)
  }

  /// Ends the worker, even during a call, when the pool closes its end of the pipe or the pool's process ends: the
  /// result has no receiver any more.
  private static func endWithPool(_ descriptor: Int32) {
    // If the thread cannot start, the worker ends after its call.
    _ = SystemThread.start(name: "swirl-worker") {
      // poll reports POLLHUP without being asked for it.
      var watched = pollfd(fd: descriptor, events: 0, revents: 0)
      while poll(&watched, 1, -1) < 0, errno == EINTR {}
      _exit(0)
    }
  }

  /// Nil when the pool has closed its pipe.
  private static func nextMessage(from descriptor: Int32, _ splitter: inout FrameSplitter) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      do { if let message = try splitter.next() { return message } } catch { return nil }
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return nil }
      splitter.append(Array(bytes[..<count]))
    }
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      // The pointer stays within the array, and the call only reads.
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  /// Runs `body` on another thread and blocks this one, which has nothing else to do.
  private static func wait(_ body: @escaping @Sendable () async -> [UInt8]) -> [UInt8] {
    let outcome = Outcome()
    Task.detached {
      outcome.value = await body()
      outcome.isThere.signal()
    }
    outcome.isThere.wait()
    return outcome.value
  }

  /// Unchecked: one thread writes it before it signals the semaphore, the other reads it after that.
  private final class Outcome: @unchecked Sendable {
    let isThere = DispatchSemaphore(value: 0)
    var value: [UInt8] = []
  }
}
