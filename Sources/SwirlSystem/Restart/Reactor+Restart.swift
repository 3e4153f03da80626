public import SwirlDeferred
public import SwirlNet
public import SwirlReactor

extension Reactor {
  /// Starts this program again, and hands its listening sockets to the new process, so that no connection is refused or
  /// lost: each socket has one queue, from which both processes accept.
  ///
  /// ```swift
  /// let inherited = try ListeningSocket.inherited()
  /// let listener = try inherited.first.map { try server.listen(inherited: $0) } ?? server.listen(8080)
  /// Readiness.announce()
  /// reactor.addSignalHandler(SIGHUP) {
  ///   reactor.restart(handing: [try listener.listeningSocket()])
  ///     .addCallback { _ in server.stop(idleFor: .seconds(5)) }
  ///     .addCallback { reactor.stop() }
  ///     .addErrback { error in print("this process serves on: \(error)") }
  /// }
  /// ```
  ///
  /// The Deferred fires with the ID of the new process when that has called `Readiness.announce()`; then stop the
  /// servers. It fails if the new process ends before that, or takes too long, and is killed: then this process serves
  /// as before. Cancelling it kills the new process. A second restart during the first fails.
  ///
  /// The new process is a child of this one, with its user, directory, environment and standard descriptors: no socket
  /// file and no permissions are needed to find it. It does not end with this process. With systemd, use `Type=notify`
  /// and `NotifyAccess=all`. nginx: SIGUSR2; Go: `tableflip`.
  ///
  /// - Parameters:
  ///   - sockets: what to hand over: `listeningSocket()` of listeners, `listeningSockets()` of a group of servers.
  ///   - program: the program's path; nil is the path of this one, whose file may have been replaced.
  ///   - arguments: its arguments without `argv[0]`; nil is those of this process.
  ///   - environment: its environment variables.
  ///   - limit: how long it may take to be ready.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  public func restart(
    handing sockets: [ListeningSocket], program: (any SystemBytes)? = nil, arguments: [any SystemBytes]? = nil,
    environment: ProcessEnvironment = .inherit, within limit: Duration = .seconds(30), file: StaticString = #fileID,
    line: UInt = #line
  ) -> Deferred<Int32> {
    let running = attached(RunningRestart.self) { RunningRestart() }
    let program = program ?? OwnProgram.path
    guard running.restart == nil else {
      return .fail(ProcessError(.cannotStart, "restart", OwnProgram.name(program), "a restart is in progress"))
    }
    do {
      let restart = try Restart(
        program, arguments ?? OwnProgram.arguments, environment, sockets, within: limit, on: self,
        at: CallSite(file: file, line: line)
      ) { running.restart = nil }
      running.restart = restart
      return restart.outcome
    } catch { return .fail(error) }
  }
}

/// The restart of a reactor that is in progress.
private final class RunningRestart {
  var restart: Restart?
}
