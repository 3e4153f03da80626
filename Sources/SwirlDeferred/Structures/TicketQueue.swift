/// A FIFO queue that can also remove elements out of order, by the ticket that each gets when it is added.
///
/// Adding and serving take amortized constant time, removing by ticket at most logarithmic time. An element removed out
/// of order leaves an empty place, until such places are half of the queue.
@usableFromInline package struct TicketQueue<Element> {
  /// The sequence number of an element, from zero.
  @usableFromInline package typealias Ticket = Int

  @usableFromInline struct Place {
    @usableFromInline let ticket: Ticket
    /// Nil if it was removed out of order.
    @usableFromInline var element: Element?

    @inlinable init(ticket: Ticket, element: Element) { (self.ticket, self.element) = (ticket, element) }
  }

  /// In the order of their tickets. The first one is never empty.
  @usableFromInline var places = RingBuffer<Place>()
  @usableFromInline var emptyPlaces = 0
  /// The ticket of the next added element.
  @usableFromInline var next: Ticket = 0

  /// Makes an empty queue.
  @inlinable package init() {}

  @inlinable package var count: Int { places.count &- emptyPlaces }
  @inlinable package var isEmpty: Bool { places.isEmpty }
  @inlinable package var nextTicket: Ticket { next }

  /// The number of places, empty ones included.
  package var placeCount: Int { places.count }

  /// The first element.
  @inlinable package var first: Element? { places.first?.element }

  /// Adds an element at the end.
  @discardableResult
  @inlinable package mutating func append(_ element: Element) -> Ticket {
    let ticket = next
    next += 1
    places.append(Place(ticket: ticket, element: element))
    return ticket
  }

  /// Removes the first element; nil if it is empty.
  @inlinable package mutating func popFirst() -> Element? { popPlace()?.element }

  /// Like `popFirst()`, with the ticket.
  @inlinable package mutating func popFirstWithTicket() -> (ticket: Ticket, element: Element)? {
    guard let place = popPlace(), let element = place.element else { return nil }
    return (place.ticket, element)
  }

  /// Removes the element with this ticket; nil if it has left the queue. The caller releases it: its deinit may use
  /// this queue.
  @inlinable package mutating func remove(_ ticket: Ticket) -> Element? {
    guard let index = index(of: ticket), let element = places[index].element.take() else { return nil }
    emptyPlaces += 1
    if index == 0 {
      removeLeadingPlaces()
    } else if emptyPlaces > 32, emptyPlaces > count {
      places.removeAll { $0.element == nil }
      emptyPlaces = 0
    }
    return element
  }

  /// Removes all elements, in FIFO order.
  @inlinable package mutating func takeAll() -> [Element] {
    let all = places.takeAll()
    emptyPlaces = 0
    return all.compactMap(\.element)
  }

  /// The ticket of the first element for which `isWanted` is true. Linear time.
  @inlinable package func firstTicket(where isWanted: (Element) -> Bool) -> Ticket? {
    for place in places { if let element = place.element, isWanted(element) { return place.ticket } }
    return nil
  }

  @inlinable mutating func popPlace() -> Place? {
    let place = places.popFirst()
    if emptyPlaces > 0 { removeLeadingPlaces() }
    return place
  }

  @inlinable mutating func removeLeadingPlaces() {
    while emptyPlaces > 0, let first = places.first, first.element == nil {
      _ = places.popFirst()
      emptyPlaces -= 1
    }
  }

  @inlinable func index(of ticket: Ticket) -> Int? {
    guard let first = places.first, ticket >= first.ticket else { return nil }
    // If no place before it was removed, its index follows from the ticket.
    var low = 0
    var high = min(ticket - first.ticket, places.count - 1)
    if places[high].ticket == ticket { return high }
    while low < high {
      let middle = (low + high) / 2
      if places[middle].ticket < ticket { low = middle + 1 } else { high = middle }
    }
    return places[low].ticket == ticket ? low : nil
  }
}

extension TicketQueue.Place: Sendable where Element: Sendable {}
extension TicketQueue: Sendable where Element: Sendable {}
