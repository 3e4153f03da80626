import Logging
import SwirlDeferred

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What the first reactor sets up for the process.
enum ProcessSetup {
  static let once: Void = {
    // A peer that closes while we write must not end the process. Where the program has a handler of its own, it stays.
    var action = sigaction()
    sigaction(SIGPIPE, nil, &action)
    if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0 { signal(SIGPIPE, SIG_IGN) }

    let log = Logger(label: "swirl")
    // A program that has set a handler of its own keeps it.
    let previous = DeferredReport.setHandler { log.error("\($0)") }
    if let previous { DeferredReport.setHandler(previous) }
  }()
}

extension Reactor {
  /// Where the loop tells of callbacks that threw or took too long.
  var log: Logger { Reactor.sharedLog }

  /// Logs what someone who runs the program should know of; for the layers above.
  package func warn(_ message: String) { log.warning("\(message)") }

  private static let sharedLog = Logger(label: "swirl.reactor")
}
