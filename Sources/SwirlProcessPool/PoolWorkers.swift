import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlSystem

/// A call that has no result yet.
final class PoolCall {
  let function: String
  /// The request to the worker.
  let message: [UInt8]
  /// Called once with the result. Nil if the caller has cancelled.
  var onResult: ((Result<[UInt8], any Error>) -> Void)?

  /// Its place among the calls that wait; nil when it does not.
  fileprivate var ticket: TicketQueue<PoolCall>.Ticket?

  init(_ function: String, _ message: [UInt8]) {
    self.function = function
    self.message = message
  }

  func finish(_ result: Result<[UInt8], any Error>) { onResult.take()?(result) }
}

/// The workers of a pool, and the queue of calls.
final class PoolWorkers {
  private final class Worker {
    let process: ChildProcess
    var splitter = FrameSplitter(WorkerMessages.framing)
    var call: PoolCall?
    var hasAnswered = false
    /// Whether it is being killed: its answer may be in the pipe already, but it takes no more calls.
    var isDropped = false

    init(_ process: ChildProcess) { self.process = process }

    /// The pipe of the calls.
    var calls: ChildInput { process.inputs[WorkerDescriptors.calls]! }
    /// The pipe of the answers.
    var answers: ChildOutput { process.outputs[WorkerDescriptors.answers]! }
  }

  private let size: Int
  private let startProcess: () throws(ProcessError) -> ChildProcess
  /// In the order in which they were started.
  private var workers: [Worker] = []
  private var idle: [Worker] = []
  private var waiting = TicketQueue<PoolCall>()
  private var isClosed = false
  private var enders: [Deferred<Void>] = []

  var count: Int { workers.count }

  /// - Parameter startProcess: starts a worker, with both its pipes.
  init(size: Int, startProcess: @escaping () throws(ProcessError) -> ChildProcess) {
    self.size = size
    self.startProcess = startProcess
  }

  // MARK: - Calls

  func start(_ call: PoolCall) {
    if isClosed {
      return call.finish(
        .failure(ProcessPoolError(.closed, call.function, "the pool was closed and takes no more calls")))
    }
    call.ticket = waiting.append(call)
    runWaiting()
  }

  private func runWaiting() {
    while !waiting.isEmpty, let worker = idle.popLast() ?? (workers.count < size ? startWorker() : nil) {
      guard let call = waiting.popFirst() else { break }
      call.ticket = nil
      worker.call = call
      worker.calls.write(call.message)
    }
    endIdle()
  }

  private func takeWaiting() -> [PoolCall] {
    let calls = waiting.takeAll()
    for call in calls { call.ticket = nil }
    return calls
  }

  func cancel(_ call: PoolCall) {
    call.onResult = nil
    if let ticket = call.ticket.take() {
      _ = waiting.remove(ticket)
    } else if let worker = workers.first(where: { $0.call === call }) {
      drop(worker)
    }
    runWaiting()
  }

  // MARK: - Workers

  /// Nil if the system cannot start a process: then the queued calls fail, unless a busy worker will be free for them.
  private func startWorker() -> Worker? {
    do {
      let worker = Worker(try startProcess())
      workers.append(worker)
      worker.answers.forEach { [weak self, unowned worker] bytes in try self?.receive(bytes, from: worker) }
        // The worker sent an invalid message, so it cannot be used any more.
        .addErrback { [weak self, weak worker] _ in if let worker { self?.drop(worker) } }
      // Its own children may hold its pipes open, which would keep its call pending.
      worker.process.exited.addCallback { [unowned worker] _ in worker.process.terminate() }
      // The process retains this pool, so that calls in flight end even if the program releases the pool.
      worker.process.ended.addBoth { [self] result in ended(worker, try? result.get()) }
      return worker
    } catch {
      if workers.isEmpty {
        for call in takeWaiting() { call.finish(.failure(error)) }
      }
      return nil
    }
  }

  private func receive(_ bytes: [UInt8], from worker: Worker) throws {
    worker.splitter.append(bytes)
    while let message = try worker.splitter.next() {
      worker.hasAnswered = true
      guard !worker.isDropped, let call = worker.call.take() else { continue }
      idle.append(worker)
      call.finish(.success(message))
      runWaiting()
    }
  }

  /// Kills the worker; another one starts when a call needs it.
  private func drop(_ worker: Worker) {
    worker.isDropped = true
    idle.removeAll { $0 === worker }
    worker.process.kill(SIGKILL)
    worker.process.terminate(within: .zero)
  }

  private func ended(_ worker: Worker, _ status: ProcessStatus?) {
    workers.removeAll { $0 === worker }
    idle.removeAll { $0 === worker }
    if let call = worker.call.take() {
      let status = status ?? worker.process.status ?? .exited(255)
      call.finish(
        .failure(WorkerDiedError(status: status, function: call.function, hasAnswered: worker.hasAnswered)))
    }
    runWaiting()
  }

  // MARK: - Ending

  func close() -> Deferred<Void> {
    isClosed = true
    let ended = Deferred<Void>(canceller: { _ in })
    enders.append(ended)
    endIdle()
    return ended
  }

  func abort() -> Deferred<Void> {
    isClosed = true
    let running = workers.compactMap { $0.call.take() }
    let failed = running + takeWaiting()
    for worker in workers { drop(worker) }
    for call in failed {
      call.finish(.failure(ProcessPoolError(.closed, call.function, "the pool was closed before there was a result")))
    }
    return close()
  }

  /// Ends the idle workers, once the pool accepts no more calls.
  private func endIdle() {
    guard isClosed, waiting.isEmpty else { return }
    for worker in idle { worker.calls.close() }
    idle = []
    guard workers.isEmpty else { return }
    let fired = enders
    enders = []
    for ended in fired where !ended.isFired { ended.callback() }
  }
}
