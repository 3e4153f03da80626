import CLibevent
import Logging
import SwirlDeferred
import SwirlPlatform

/// libevent's base, which waits for descriptors, signals and one timer.
///
/// This file and `FileEvent` are the only ones that see libevent. The base is used from one thread and carries no locks:
/// other threads wake it through a descriptor of our own.
final class EventBase {
  fileprivate let base: OpaquePointer
  private var timer: OpaquePointer?
  /// When the timer will wake the loop, or nil. It may be earlier than needed: the loop then looks, and waits again.
  private var armedDeadline: Int64?

  /// libevent's own warnings go to the log, not to standard error; what it cannot survive ends the program with the reason.
  private static let isLogging: Void = {
    event_set_log_callback { severity, message in
      let text = message.map { String(cString: $0) } ?? ""
      switch severity {
      case _EVENT_LOG_ERR: Reactor.log.error("libevent: \(text)")
      case _EVENT_LOG_WARN: Reactor.log.warning("libevent: \(text)")
      default: Reactor.log.debug("libevent: \(text)")
      }
    }
    event_set_fatal_callback { code in fatalError("libevent cannot go on (\(code)); the log has the reason") }
  }()

  init() {
    Self.isLogging
    guard let config = event_config_new() else { fatalError("no memory for an event base") }
    defer { event_config_free(config) }
    event_config_set_flag(config, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
    guard let base = event_base_new_with_config(config) else {
      fatalError("libevent cannot make an event base; is the limit of open files reached?")
    }
    self.base = base
    // Unretained is right: the event is freed before this object is.
    timer = event_new(
      base, -1, 0,
      { _, _, context in Unmanaged<EventBase>.fromOpaque(context!).takeUnretainedValue().armedDeadline = nil },
      Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    if let timer { event_free(timer) }
    event_base_free(base)
  }

  /// The way the kernel is asked: `epoll`, `kqueue` …
  var method: String { String(cString: event_base_get_method(base)) }

  /// Waits for events and runs their callbacks.
  ///
  /// - Parameter deadline: when to return even if nothing has happened; nil waits for an event, a moment that has passed
  ///   only looks.
  func poll(until deadline: Int64?, now: Int64) {
    var flags = EVLOOP_ONCE
    if let deadline {
      if deadline <= now {
        flags |= EVLOOP_NONBLOCK
      } else {
        arm(deadline, now: now)
      }
    } else {
      // Without a timer and with nothing to watch, libevent would return at once, for ever.
      flags |= EVLOOP_NO_EXIT_ON_EMPTY
    }
    if event_base_loop(base, flags) < 0 {
      fatalError("the event loop failed: \(String(cString: strerror(errno)))")
    }
  }

  private func arm(_ deadline: Int64, now: Int64) {
    if let armedDeadline, armedDeadline <= deadline { return }
    // Rounded up: a timer may be late, never early.
    let microseconds = (deadline - now + 999) / 1000
    var interval = timeval(tv_sec: Int(microseconds / 1_000_000), tv_usec: __suseconds_t(microseconds % 1_000_000))
    event_add(timer, &interval)
    armedDeadline = deadline
  }
}

/// A descriptor or a signal that libevent watches: calls `handler` on the loop's thread whenever it is ready.
///
/// Level triggered: what is not read is told again. The descriptor stays the caller's to close, after `close()`.
package final class FileEvent {
  /// What to wait for.
  package enum Interest {
    /// Bytes to read, a connection to accept, or the end.
    case read
    /// Room to write, or the outcome of a connect.
    case write
    /// A signal, by its number, in the place of a descriptor.
    case signal
  }

  private var event: OpaquePointer?
  private let handler: () -> Void
  private var isAdded = false
  // The event belongs to the base: it must go first.
  private let base: EventBase

  init(_ base: EventBase, _ descriptor: Int32, _ interest: Interest, handler: @escaping () -> Void) {
    self.base = base
    self.handler = handler
    let flags =
      switch interest {
      case .read: EV_READ | EV_PERSIST
      case .write: EV_WRITE | EV_PERSIST
      case .signal: EV_SIGNAL | EV_PERSIST
      }
    // Unretained is right: `close()`, which `deinit` calls, frees the event, so libevent never holds a pointer to an object
    // that is gone. The strong reference taken in the callback keeps it alive while its own callback runs.
    event = event_new(
      base.base, descriptor, Int16(flags),
      { _, _, context in Unmanaged<FileEvent>.fromOpaque(context!).takeUnretainedValue().fire() },
      Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { close() }

  private func fire() {
    withExtendedLifetime(self) {
      // A callback that ran before in this turn may have disabled it.
      if isAdded { handler() }
    }
  }

  /// Watches. The descriptor must be open; false when the kernel refuses it, as it does a plain file.
  @discardableResult
  package func enable() -> Bool {
    guard !isAdded, let event else { return isAdded }
    isAdded = event_add(event, nil) == 0
    return isAdded
  }

  /// Watches no more, until `enable()`.
  package func disable() {
    guard isAdded, let event else { return }
    isAdded = false
    event_del(event)
  }

  /// Watches no more, for good. To be called before the descriptor is closed.
  package func close() {
    disable()
    if let event = event.take() { event_free(event) }
  }
}
