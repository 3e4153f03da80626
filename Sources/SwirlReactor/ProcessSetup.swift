import CSwirlSystem
import Logging
import SwirlDeferred
import SwirlPlatform

/// Process-wide setup by the first reactor.
package enum ProcessSetup {
  /// Whether the environment has `SWIRL_DEBUG=1`: then debug mode is on, and slow callbacks are logged.
  static let isDebugging = getenv("SWIRL_DEBUG").map { String(cString: $0) } == "1"

  package static let once: Void = {
    if isDebugging { deferredDebugging = true }

    // A failed write must not end the process: neither to a closed peer (EPIPE), nor beyond the maximum file size
    // (EFBIG, `ulimit -f`). The program's own handlers stay. Child processes start with the defaults.
    for number in [SIGPIPE, SIGXFSZ] {
      var action = sigaction()
      sigaction(number, nil, &action)
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0 { signal(number, SIG_IGN) }
    }

    // The logger is made on demand: the program may configure logging after it has made a reactor.
    DeferredReport.setFallback { report in
      if let reactor = Reactor.running, reactor.onError != nil, let error = CallbackError(report) {
        reactor.report(error)
      } else {
        Logger(label: "swirl").error("\(report)")
      }
    }

    HouseRandom.set { Reactor.running.flatMap { $0.virtualTime == nil ? nil : $0.random.next() } }

    DeferredHomes.set(
      { Reactor.running?.remote }, mayComeToRun: { isMainThread }, isIdle: { Reactor.running?.isIdle ?? true })
  }()
}

extension Reactor {
  /// The log for callbacks that threw or took too long.
  ///
  /// Made anew each time, so that a program may configure logging after it has used a reactor; use is rare.
  var log: Logger { Reactor.log }

  /// Logs a warning for the program's operator; for the layers above.
  package func warn(_ message: String) { log.warning("\(message)") }

  /// Logs an error of the program's code; for the layers above.
  package func logError(_ message: String) { log.error("\(message)") }

  /// Logs a debug message.
  package func note(_ message: String) { log.debug("\(message)") }

  static var log: Logger { Logger(label: "swirl.reactor") }
}
