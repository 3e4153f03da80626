import SwirlDeferred
import SwirlPlatform

/// The watch on one signal, and those who want to hear of it.
final class SignalHandlers {
  struct Handler {
    let id: Int
    let site: CallSite
    let body: () throws -> Void
  }
  var handlers: [Handler] = []
  var event: FileEvent?
}

/// A handler of a signal, to take it away again with.
public struct SignalHandler {
  let signal: Int32
  let id: Int
}

extension Reactor {
  /// Calls `body` on the reactor's thread each time the process gets the signal `number`, such as `SIGHUP`.
  ///
  /// It is an ordinary callback: the restrictions of signal handlers do not hold in it. Several handlers of a signal are
  /// called in the order added. Signals belong to the process, so only the main reactor may have handlers.
  /// asyncio: `add_signal_handler`.
  @discardableResult
  public func addSignalHandler(
    _ number: Int32, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> SignalHandler {
    require(isMain, "signals belong to the process: add their handlers to Reactor.main")
    let watch = signals[number] ?? watchSignal(number)
    nextTriggerID += 1
    watch.handlers.append(.init(id: nextTriggerID, site: CallSite(file: file, line: line), body: body))
    return SignalHandler(signal: number, id: nextTriggerID)
  }

  /// Takes a handler away; with the last of a signal, what the signal did before is put back.
  public func removeSignalHandler(_ handler: SignalHandler) {
    guard let watch = signals[handler.signal] else { return }
    guard let index = watch.handlers.firstIndex(where: { $0.id == handler.id }) else { return }
    // Let go of at the end: what it holds may take others away.
    let removed = watch.handlers.remove(at: index)
    if watch.handlers.isEmpty {
      watch.event?.close()
      signals[handler.signal] = nil
    }
    withExtendedLifetime(removed) {}
  }

  private func watchSignal(_ number: Int32) -> SignalHandlers {
    let watch = SignalHandlers()
    watch.event = fileEvent(number, .signal) { [unowned self] in
      guard let watch = signals[number] else { return }
      // One that was removed by another before it is not called any more.
      for handler in watch.handlers where watch.handlers.contains(where: { $0.id == handler.id }) {
        perform(at: handler.site, handler.body)
      }
    }
    require(watch.event!.enable(), "signal \(number) cannot be handled")
    signals[number] = watch
    return watch
  }

  /// SIGINT and SIGTERM, unless they are ignored: a shell starts a job in the background of a script so, and it stays (POSIX, sh, 2.11).
  static var stopSignals: [Int32] { [SIGINT, SIGTERM].filter { !isIgnored($0) } }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    // SIG_IGN is a macro with a cast, of which the importer makes a function that cannot be compared.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  /// What `run` does with SIGINT and SIGTERM: the first stops, a second no longer waits for anything.
  func stopOnSignals() -> [SignalHandler] {
    Self.stopSignals.map { number in
      addSignalHandler(number) { [unowned self] in
        if stopRequested { crash() } else { stop() }
      }
    }
  }
}
