import SwirlDeferred
import SwirlPlatform

/// A backend for tests: a descriptor is any number, and ready when the test says so. It queries the kernel only for
/// wake-ups from other threads.
package final class ManualBackend: ReactorBackend, ReadinessSource {
  private struct Key: Hashable {
    let descriptor: Int32
    let interest: FileEvent.Interest
  }

  package let method = "manual"
  package var watchCount: Int { events.count }
  package var onWake: (() -> Void)?
  package var onFire: ((FileEvent) -> Void)?
  package var hasJobs = false
  package var onJobs: (() -> Void)?
  /// The descriptor by which other threads wake the reactor, which sets this.
  var wakeUpDescriptor: Int32 = -1
  /// The enabled watches, in the order in which they were enabled.
  private var events: [SourcedEvent] = []
  private var ready: Set<Key> = []
  /// Numbers that cannot be watched, as the kernel refuses a plain file.
  package var refused: Set<Int32> = []

  package init() {}

  /// Makes a descriptor ready or not ready. It stays ready, like an unread socket, until this makes it not ready.
  package func setReady(_ descriptor: Int32, _ interest: FileEvent.Interest, _ isReady: Bool = true) {
    let key = Key(descriptor: descriptor, interest: interest)
    if isReady { ready.insert(key) } else { ready.remove(key) }
  }

  /// The watched descriptors, in the order in which they were enabled.
  package func watched(_ interest: FileEvent.Interest) -> [Int32] {
    events.filter { $0.interest == interest && $0.descriptor != wakeUpDescriptor }.map(\.descriptor)
  }

  package func fileEvent(
    _ descriptor: Int32, _ interest: FileEvent.Interest, handler: @escaping () -> Void
  ) -> FileEvent { SourcedEvent(self, descriptor, interest, handler: handler) }

  package func poll(until deadline: Int64?, now: Int64) -> Bool {
    var due = events.filter { ready.contains(Key(descriptor: $0.descriptor, interest: $0.interest)) }
    let milliseconds: Int64 =
      if !due.isEmpty { 0 } else if let deadline { deadline <= now ? 0 : (deadline - now + 999_999) / 1_000_000 } else {
        -1
      }
    if isWoken(within: Int32(clamping: milliseconds)) {
      due += events.filter { $0.descriptor == wakeUpDescriptor }
    }
    if !due.isEmpty { onWake?() }
    for event in due {
      if let onFire { onFire(event) } else { event.fire() }
      if hasJobs { onJobs?() }
    }
    return !due.isEmpty
  }

  private func isWoken(within milliseconds: Int32) -> Bool {
    var question = pollfd(fd: wakeUpDescriptor, events: Int16(POLLIN), revents: 0)
    return systemPoll(&question, 1, milliseconds) > 0
  }

  package func begin(_ event: SourcedEvent) -> Bool {
    if event.descriptor < 0 || refused.contains(event.descriptor) {
      errno = EPERM
      return false
    }
    events.append(event)
    return true
  }

  package func end(_ event: SourcedEvent) { events.removeAll { $0 === event } }
}

// The method above shadows this name.
private func systemPoll(_ questions: UnsafeMutablePointer<pollfd>, _ count: nfds_t, _ milliseconds: Int32) -> Int32 {
  poll(questions, count, milliseconds)
}
