import SwirlDeferred
import SwirlPlatform

/// The watch on one signal, and its handlers.
final class SignalHandlers: ReactorHandle {
  struct Handler {
    let id: Int
    let site: CallSite
    let body: () throws -> Void
  }
  var handlers: [Handler] = []
  var event: FileEvent?
  private let number: Int32
  var handleIndex: Int?
  var handleKind: OpenHandle.Kind { .signal }
  var handlePeer: String? { String(cString: strsignal(number)) }

  init(_ number: Int32) { self.number = number }
}

/// A signal handler, for ``Reactor/removeSignalHandler(_:)``.
public struct SignalHandler {
  let signal: Int32
  let id: Int
}

extension Reactor {
  /// Calls `body` on the reactor's thread each time the process gets the signal `number`, such as `SIGHUP`.
  ///
  /// It is an ordinary callback: the restrictions of signal handlers do not apply. Several handlers of a signal run in
  /// FIFO order. Signals belong to the process, so only the main reactor may have handlers. asyncio:
  /// `add_signal_handler`.
  @discardableResult
  public func addSignalHandler(
    _ number: Int32, file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
  ) -> SignalHandler {
    require(isMain, "signals belong to the process: add their handlers to Reactor.main")
    let site = CallSite(file: file, line: line)
    let watch = signals[number] ?? watchSignal(number, at: site)
    nextTriggerID += 1
    watch.handlers.append(.init(id: nextTriggerID, site: site, body: body))
    return SignalHandler(signal: number, id: nextTriggerID)
  }

  /// Removes a handler. Removing the last one of a signal restores the signal's previous action.
  public func removeSignalHandler(_ handler: SignalHandler) {
    guard let watch = signals[handler.signal] else { return }
    guard let index = watch.handlers.firstIndex(where: { $0.id == handler.id }) else { return }
    // Released at the end: its captures may remove other handlers.
    let removed = watch.handlers.remove(at: index)
    if watch.handlers.isEmpty {
      watch.event?.close()
      handles.remove(watch)
      signals[handler.signal] = nil
    }
    withExtendedLifetime(removed) {}
  }

  private func watchSignal(_ number: Int32, at site: CallSite) -> SignalHandlers {
    let watch = SignalHandlers(number)
    watch.event = fileEvent(number, .signal) { [unowned self] in
      guard let watch = signals[number] else { return }
      // A handler removed by an earlier one is not called.
      for handler in watch.handlers where watch.handlers.contains(where: { $0.id == handler.id }) {
        perform(at: handler.site, handler.body)
      }
    }
    require(watch.event!.enable(), "signal \(number) cannot be handled")
    signals[number] = watch
    insertHandle(watch, isKept: false, at: site)
    return watch
  }

  /// SIGINT and SIGTERM, unless they are ignored: a shell ignores them for a background job of a script, and that must
  /// stay (POSIX, sh, 2.11).
  static var stopSignals: [Int32] { [SIGINT, SIGTERM].filter { !isIgnored($0) } }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    // Swift imports SIG_IGN, a macro with a cast, as a function, which cannot be compared.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  /// Installs `run`'s handlers of SIGINT and SIGTERM: the first signal stops, a second one ends without waiting.
  func stopOnSignals() -> [SignalHandler] {
    Self.stopSignals.map { number in
      addSignalHandler(number) { [unowned self] in
        if stopRequested { crash() } else { stop() }
      }
    }
  }
}
