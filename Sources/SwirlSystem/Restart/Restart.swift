import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor

/// One restart: the new process, until it is ready or has failed.
final class Restart {
  /// Fires with the process ID.
  private(set) var outcome: Deferred<Int32>!
  private let child: ChildProcess
  private let program: String
  private let limit: Duration
  /// The read end of the pipe on which the new process says that it is ready.
  private let pipe: Int32
  private var timer: DelayedCall?
  private unowned let reactor: Reactor
  private let whenOver: () -> Void

  init(
    _ program: any SystemBytes, _ arguments: [any SystemBytes], _ environment: ProcessEnvironment,
    _ sockets: [ListeningSocket], within limit: Duration, on reactor: Reactor, at site: CallSite,
    whenOver: @escaping () -> Void
  ) throws(ProcessError) {
    self.program = OwnProgram.name(program)
    self.limit = limit
    self.reactor = reactor
    self.whenOver = whenOver
    guard let pipe = Pipe() else { throw ProcessError(.cannotStart, "restart", self.program, errno: errno) }
    defer { Descriptor.close(pipe.writeEnd) }
    self.pipe = pipe.readEnd
    do throws(ProcessError) {
      child = try Self.start(program, arguments, environment, sockets, pipe, on: reactor, at: site)
    } catch {
      Descriptor.close(pipe.readEnd)
      throw error
    }
    outcome = Deferred<Int32>(canceller: { [weak self] _ in self?.giveUp() })
    Descriptor.setNonBlocking(pipe.readEnd)
    timer = reactor.callLater(limit) { [weak self] in self?.timedOut() }
    do { try reactor.addReader(pipe.readEnd) { [weak self] in self?.pipeReady() } } catch {
      giveUp()
      throw ProcessError(.cannotStart, "restart", self.program, "the pipe to the new process cannot be watched")
    }
  }

  deinit { if !isOver { Descriptor.close(pipe) } }

  private static func start(
    _ program: any SystemBytes, _ arguments: [any SystemBytes], _ environment: ProcessEnvironment,
    _ sockets: [ListeningSocket], _ pipe: Pipe, on reactor: Reactor, at site: CallSite
  ) throws(ProcessError) -> ChildProcess {
    let name = OwnProgram.name(program)
    let descriptors = sockets.map { $0.withDescriptor(\.self) }
    guard !descriptors.isEmpty, !descriptors.contains(-1) else {
      throw ProcessError(
        .cannotStart, "restart", name,
        descriptors.isEmpty ? "there is no socket to hand over" : "a listener has this socket")
    }
    guard let words = Handover.words(pipe: pipe.writeEnd, count: sockets.count) else {
      throw ProcessError(.cannotStart, "restart", name, errno: errno)
    }
    let specification = ProcessSpecification(
      program: program, arguments: arguments, environment: environment.setting(Handover.variable, to: words),
      input: .inherit, output: .inherit, error: .inherit, passed: [pipe.writeEnd] + descriptors, site: site)
    // The sockets stay open until it has its own descriptors.
    return try withExtendedLifetime(sockets) { () throws(ProcessError) in try specification.start(on: reactor) }
  }

  // MARK: - The outcome

  private var isOver = false

  private func pipeReady() {
    var byte: UInt8 = 0
    let count = Descriptor.read(pipe, &byte, 1)
    if count == 1 {
      child.isIndependent = true
      end()
      outcome.callback(child.processID)
    } else if count == 0 {
      // Its end comes at about the same time: the reason is in its status.
      end()
      child.exited.addBoth { [outcome, program] result in
        let status = (try? result.get()).map { "\($0)" } ?? "without a status"
        outcome?.fireIfOpen(
          ProcessError(.failed, "restart", program, "the new process ended before it was ready: \(status)"))
      }
      // It may have closed the pipe alone.
      child.terminate(within: .seconds(1))
    }
  }

  private func timedOut() {
    giveUp()
    outcome.fireIfOpen(
      ProcessError(
        .failed, "restart", program,
        "the new process was not ready within \(limit), and was killed: it calls Readiness.announce() once it listens"))
  }

  private func giveUp() {
    end()
    child.kill(SIGKILL)
  }

  private func end() {
    guard !isOver else { return }
    isOver = true
    timer?.cancel()
    reactor.removeReader(pipe)
    Descriptor.close(pipe)
    whenOver()
  }
}

extension Deferred {
  fileprivate func fireIfOpen(_ error: ProcessError) {
    if !isFired { errback(error) }
  }
}
