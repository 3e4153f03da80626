import CSwirlSystem
import SwirlPlatform
import SwirlReactor

/// Tells that a process has ended, without taking its status: by a descriptor that the kernel makes readable then, else by a thread that
/// waits. A handler of SIGCHLD would be one for the whole program, which may have its own.
final class ChildWatch {
  private var descriptor: Int32
  private var event: FileEvent?

  /// - Parameter body: called on the reactor's thread, once or again until it lets go of this.
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
    // Then it is looked for from time to time.
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

/// What threads that wait for processes will call: the thread carries its number only, so that nothing that hangs on it is let go of there.
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
      // Nothing is told of one that still runs: the structure stays empty.
      if waitid(P_PID, id_t(process), &info, WEXITED | WNOWAIT | WNOHANG) == 0, info.si_signo == 0 {
        self?.poll(number, on: reactor, process)
      } else {
        self?.take(number)?()
      }
    }
  }
}
