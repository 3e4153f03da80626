import Logging
import SwirlDeferred
import SwirlPlatform

/// What the first reactor sets up for the process.
package enum ProcessSetup {
  package static let once: Void = {
    // A write that fails must not end the process: neither one to a peer that has closed (EPIPE), nor one beyond the largest size that
    // files may have (EFBIG, `ulimit -f`). Where the program has a handler of its own, it stays. Child processes start with the defaults.
    for number in [SIGPIPE, SIGXFSZ] {
      var action = sigaction()
      sigaction(number, nil, &action)
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0 { signal(number, SIG_IGN) }
    }

    // The logger is made when it is needed: the program may choose where logs go after it has made a reactor.
    DeferredReport.setFallback { Logger(label: "swirl").error("\($0)") }

    DeferredHomes.set({ Reactor.running?.remote }, mayComeToRun: { isMainThread })
  }()
}

extension Reactor {
  /// Where the loop tells of callbacks that threw or took too long.
  ///
  /// Made anew each time, so that a program may choose where logs go after it has used a reactor; it is needed rarely.
  var log: Logger { Reactor.log }

  /// Logs what someone who runs the program should know of; for the layers above.
  package func warn(_ message: String) { log.warning("\(message)") }

  /// Logs what matters only to someone who looks for it.
  package func note(_ message: String) { log.debug("\(message)") }

  static var log: Logger { Logger(label: "swirl.reactor") }
}
