#if HTTP2
/// The events that wait for their handler, in order.
///
/// A `RingBuffer`, in place of this, takes 1,900 instructions more of a fetch: it copies each event to hand it on, and
/// destroys it a second time. These have memory of their own, out of which they move.
///
/// The memory is initialized from `first` to `end` alone, and only this object has its address.
final class EventQueue {
  // Exempt from run-time checks for overlapping access: each step is one call, which calls nothing back.
  @exclusivity(unchecked) private var events: UnsafeMutablePointer<HTTP2Event>
  @exclusivity(unchecked) private var capacity = EventQueue.least
  // The places of the first event, and behind the last one.
  @exclusivity(unchecked) private var first = 0
  @exclusivity(unchecked) private var end = 0

  private static let least = 8
  /// What a flood needed is not kept.
  private static let most = 256

  init() { events = .allocate(capacity: EventQueue.least) }

  deinit {
    (events + first).deinitialize(count: end - first)
    events.deallocate()
  }

  var isEmpty: Bool { first == end }
  var count: Int { end - first }

  func append(_ event: consuming HTTP2Event) {
    if end == capacity { move(toCapacity: 2 * capacity) }
    (events + end).initialize(to: event)
    end += 1
  }

  /// Takes the first event.
  func next() -> HTTP2Event? {
    if first == end { return nil }
    let event = (events + first).move()
    first += 1
    if first == end {
      first = 0
      end = 0
      if capacity > EventQueue.most { move(toCapacity: EventQueue.least) }
    }
    return event
  }

  private func move(toCapacity capacity: Int) {
    let moved = UnsafeMutablePointer<HTTP2Event>.allocate(capacity: capacity)
    moved.moveInitialize(from: events + first, count: end - first)
    events.deallocate()
    events = moved
    self.capacity = capacity
    end -= first
    first = 0
  }
}
#endif
