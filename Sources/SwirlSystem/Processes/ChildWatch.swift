import CSwirlSystem
import SwirlPlatform
import SwirlReactor

/// Reports that a process has ended, without reaping it: by a pidfd if the kernel has them, otherwise by a thread that
/// waits. A SIGCHLD handler would be the only one of the whole program, which may need its own.
final class ChildWatch {
  private var descriptor: Int32
  private var event: FileEvent?

  /// - Parameter body: called on the reactor's thread, once or more, until it releases this.
  init(_ process: Int32, byThread: Bool, on reactor: Reactor, _ body: @escaping () -> Void) {
    descriptor = byThread ? -1 : swirl_pidfd_open(process)
    if descriptor >= 0 {
      let event = reactor.fileEvent(descriptor, .read, handler: body)
      self.event = event
      if event.enable() { return }
      close()
    }
    let number = ThreadWatches.of(reactor).add(body)
    let remote = reactor.remote
    let code = SystemThread.start(name: "swirl-child") {
      var info = siginfo_t()
      while waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      remote.callFromThread { reactor in ThreadWatches.of(reactor).take(number)?() }
    }
    // Without a thread: polls for its end.
    if code != 0 { ThreadWatches.of(reactor).poll(number, on: reactor, process) }
  }

  deinit { close() }

  private func close() {
    event?.close()
    event = nil
    if descriptor >= 0 { Descriptor.close(descriptor) }
    descriptor = -1
  }
}

/// The callbacks for waiting threads. A thread carries a number only, so that it never releases objects of the reactor.
private final class ThreadWatches {
  private var bodies: [Int: () -> Void] = [:]
  private var next = 0

  static func of(_ reactor: Reactor) -> ThreadWatches { reactor.attached(ThreadWatches.self) { ThreadWatches() } }

  func add(_ body: @escaping () -> Void) -> Int {
    next += 1
    bodies[next] = body
    return next
  }

  func take(_ number: Int) -> (() -> Void)? { bodies.removeValue(forKey: number) }

  func poll(_ number: Int, on reactor: Reactor, _ process: Int32) {
    reactor.callLater(.milliseconds(100)) { [weak self, unowned reactor] in
      var info = siginfo_t()
      // While the process runs, waitid leaves the structure zeroed.
      if waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT | WNOHANG) == 0, info.si_signo == 0 {
        self?.poll(number, on: reactor, process)
      } else {
        self?.take(number)?()
      }
    }
  }
}
