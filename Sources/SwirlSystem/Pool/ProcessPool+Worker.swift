import Dispatch
import SwirlNet
import SwirlPlatform
import SwirlReactor

extension ProcessPool {
  static let workerVariable = "SWIRL_PROCESS_POOL_WORKER"

  /// Adds a function that workers of this program run, before ``serveIfWorker()``. A name is registered once.
  ///
  /// It runs in another process: nothing of this one is there but what is made before `serveIfWorker()`. What it prints goes where this
  /// process prints. What it throws reaches the caller in words.
  public static func register<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ function: ProcessFunction<Input, Output>, _ body: @escaping @Sendable (Input) async throws -> Output
  ) { WorkerFunctions.all.add(function, body) }

  /// Adds a function by its name.
  public static func register<Input: Codable & Sendable, Output: Codable & Sendable>(
    _ name: String, _ body: @escaping @Sendable (Input) async throws -> Output
  ) { register(ProcessFunction(name), body) }

  /// In a worker: runs the calls that come, and ends the process when the pool is done with it. Elsewhere: returns at once.
  ///
  /// To be called at the beginning of `main`, after the functions are registered and before anything else is done: what comes before it is
  /// done by every worker too. Functions run one at a time, off the main thread, which waits for them.
  public static func serveIfWorker() {
    guard getenv(workerVariable) != nil else { return }
    // What a function starts is no worker, and has nothing to do with the pipes.
    unsetenv(workerVariable)
    let (calls, answers): (Int32, Int32) = (3, 4)
    for descriptor in [calls, answers] {
      guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
        fatalError("\(workerVariable) is set, but no process pool has started this program: unset it")
      }
    }
    // A terminal sends it to all its processes: the one that has the pool decides.
    signal(SIGINT, SIG_IGN)
    _ = ProcessSetup.once
    endWithPool(calls)
    var splitter = FrameSplitter(WorkerMessages.framing)
    while let call = nextMessage(from: calls, &splitter) {
      let answer = wait { await WorkerFunctions.all.answer(call) }
      // What it printed is not left behind when the worker is killed.
      fflush(nil)
      guard let message = try? WorkerMessages.framing.encode(answer), send(message, to: answers) else { break }
    }
    exit(0)
  }

  /// Ends the worker, whatever it is doing, when the other end of its pipe is closed: a pool that has gone, or its whole process, wants
  /// nothing of it any more.
  private static func endWithPool(_ descriptor: Int32) {
    // Without it the worker ends after its call.
    _ = SystemThread.start(name: "swirl-worker") {
      // That the other end is closed is told without being asked for.
      var watched = pollfd(fd: descriptor, events: 0, revents: 0)
      while poll(&watched, 1, -1) < 0, errno == EINTR {}
      _exit(0)
    }
  }

  /// Nil when the pool is done with the worker, or has gone.
  private static func nextMessage(from descriptor: Int32, _ splitter: inout FrameSplitter) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      do { if let message = try splitter.next() { return message } } catch { return nil }
      let count = bytes.withUnsafeMutableBytes { Descriptor.read(descriptor, $0.baseAddress!, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return nil }
      splitter.append(Array(bytes[..<count]))
    }
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      // Within the array, which the call only reads.
      let count = bytes.withUnsafeBytes { Descriptor.write(descriptor, $0.baseAddress! + sent, bytes.count - sent) }
      if count < 0, errno == EINTR { continue }
      if count < 0 { return false }
      sent += count
    }
    return true
  }

  /// Runs `body` on another thread while this one, which has nothing else to do, waits.
  private static func wait(_ body: @escaping @Sendable () async -> [UInt8]) -> [UInt8] {
    let outcome = Outcome()
    Task.detached {
      outcome.value = await body()
      outcome.isThere.signal()
    }
    outcome.isThere.wait()
    return outcome.value
  }

  /// Unchecked, because it is written before the semaphore is signalled, and read after that.
  private final class Outcome: @unchecked Sendable {
    let isThere = DispatchSemaphore(value: 0)
    var value: [UInt8] = []
  }
}
