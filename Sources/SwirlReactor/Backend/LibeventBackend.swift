import CLibevent
import Logging
import SwirlDeferred
import SwirlPlatform

/// libevent's base, which waits for descriptors, signals and one timer.
///
/// This file is the only one that sees libevent. The base is used from one thread and carries no locks: other threads
/// wake it through a descriptor of our own.
final class LibeventBackend: ReactorBackend {
  fileprivate let base: OpaquePointer
  private var timer: OpaquePointer?
  // Exempt from run-time checks for overlapping access: each is read or written as a whole, and no handler runs
  // meanwhile.
  /// When the timer will wake the loop, or nil. It may be early: the loop then checks, and waits again.
  @exclusivity(unchecked) private var armedDeadline: Int64?
  /// The number of handlers called so far.
  @exclusivity(unchecked) fileprivate var calls = 0
  /// Whether the current wait still has to call `onWake`.
  @exclusivity(unchecked) private var isWaking = false
  /// Whether the next event has to call a hook: one flag for both, so that events without hooks test nothing more.
  @exclusivity(unchecked) fileprivate var hasHooks = false
  @exclusivity(unchecked) var onWake: (() -> Void)?
  @exclusivity(unchecked) var onFire: ((FileEvent) -> Void)?
  @exclusivity(unchecked) var hasJobs = false
  @exclusivity(unchecked) var onJobs: (() -> Void)?

  /// libevent's warnings go to the log, not to standard error; its fatal errors end the program with the reason.
  private static let isLogging: Void = {
    event_set_log_callback { severity, message in
      let text = message.map { String(cString: $0) } ?? ""
      switch severity {
      case _EVENT_LOG_ERR: Reactor.log.error("libevent: \(text)")
      case _EVENT_LOG_WARN: Reactor.log.warning("libevent: \(text)")
      default: Reactor.log.debug("libevent: \(text)")
      }
    }
    event_set_fatal_callback { code in
      // It makes a pair of sockets for signals.
      let reason = DescriptorLimit.hasFree(2) ? "the log has the reason" : DescriptorLimit.advice
      fatalError("libevent failed (\(code)): \(reason)")
    }
  }()

  init() {
    Self.isLogging
    guard let config = event_config_new() else { fatalError("no memory for an event base") }
    defer { event_config_free(config) }
    event_config_set_flag(config, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
    guard let base = event_base_new_with_config(config) else {
      fatalError("libevent has made no event base: \(DescriptorLimit.advice)")
    }
    self.base = base
    // Unretained is safe: the event is freed before this object.
    timer = event_new(
      base, -1, 0,
      { _, _, context in Unmanaged<LibeventBackend>.fromOpaque(context!).takeUnretainedValue().armedDeadline = nil },
      Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    if let timer { event_free(timer) }
    event_base_free(base)
  }

  var method: String { String(cString: event_base_get_method(base)) }

  var watchCount: Int { Int(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED)) - (armedDeadline == nil ? 0 : 1) }

  func fileEvent(_ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    LibeventEvent(self, descriptor, interest, handler: handler)
  }

  func poll(until deadline: Int64?, now: Int64) -> Bool {
    var flags = EVLOOP_ONCE
    if let deadline {
      if deadline <= now {
        flags |= EVLOOP_NONBLOCK
      } else {
        arm(deadline, now: now)
      }
    } else {
      // Without a timer and without watches, libevent would otherwise return at once, in a busy loop.
      flags |= EVLOOP_NO_EXIT_ON_EMPTY
    }
    let before = calls
    isWaking = onWake != nil
    hasHooks = isWaking || onFire != nil
    if event_base_loop(base, flags) < 0 {
      fatalError("the event loop failed: \(String(cString: strerror(errno)))")
    }
    return calls != before
  }

  /// Fires an event with the hooks. libevent has no hook between its wait and its callbacks, so the first callback
  /// serves as one.
  fileprivate func fireWithHooks(_ event: FileEvent) {
    if isWaking {
      isWaking = false
      onWake?()
    }
    guard let onFire else {
      hasHooks = false
      return event.fire()
    }
    onFire(event)
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

/// A watch in libevent.
private final class LibeventEvent: FileEvent {
  private var event: OpaquePointer?
  // The event belongs to the base, so it must be freed first.
  private let base: LibeventBackend

  init(_ base: LibeventBackend, _ descriptor: Int32, _ interest: Interest, handler: @escaping () -> Void) {
    self.base = base
    super.init(interest == .signal ? -1 : descriptor, handler: handler)
    let flags =
      switch interest {
      case .read: EV_READ | EV_PERSIST
      case .write: EV_WRITE | EV_PERSIST
      case .signal: EV_SIGNAL | EV_PERSIST
      }
    // Unretained is safe: `close()`, which `deinit` calls, frees the event, so libevent never holds a dangling pointer.
    event = event_new(
      base.base, descriptor, Int16(flags),
      { _, _, context in
        let event = Unmanaged<LibeventEvent>.fromOpaque(context!).takeUnretainedValue()
        // The event retains the base, which needs no reference of its own here.
        event.base.calls &+= 1
        if event.base.hasHooks { event.base.fireWithHooks(event) } else { event.fire() }
        if event.base.hasJobs { event.base.onJobs?() }
      },
      Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { close() }

  override func begin() -> Bool { event.map { event_add($0, nil) == 0 } ?? false }
  override func end() { if let event { event_del(event) } }
  override func free() { if let event = event.take() { event_free(event) } }
}
