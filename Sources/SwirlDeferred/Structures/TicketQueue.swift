/// A FIFO queue whose elements can also be removed before their turn: each gets a ticket when it is added, by which it is found.
///
/// Adding and serving takes amortized constant time, removing by a ticket at most logarithmic time, however long the queue is. The place of
/// an element that was removed before its turn stays until places like it are half of the queue, but holds nothing.
@usableFromInline package struct TicketQueue<Element> {
  /// The number of an element, counted from zero in the order in which elements were added.
  @usableFromInline package typealias Ticket = Int

  @usableFromInline struct Place {
    @usableFromInline let ticket: Ticket
    /// Nil when it was removed before its turn.
    @usableFromInline var element: Element?

    @inlinable init(ticket: Ticket, element: Element) { (self.ticket, self.element) = (ticket, element) }
  }

  /// In the order of their tickets. The first has an element.
  @usableFromInline var places = RingBuffer<Place>()
  @usableFromInline var emptyPlaces = 0
  /// What the next element will get.
  @usableFromInline var next: Ticket = 0

  /// Makes an empty queue.
  @inlinable package init() {}

  @inlinable package var count: Int { places.count &- emptyPlaces }
  @inlinable package var isEmpty: Bool { places.isEmpty }
  @inlinable package var nextTicket: Ticket { next }

  /// How many places it keeps, those of removed elements included.
  package var placeCount: Int { places.count }

  /// The element that was added first.
  @inlinable package var first: Element? { places.first?.element }

  /// Adds an element at the end.
  @discardableResult
  @inlinable package mutating func append(_ element: Element) -> Ticket {
    let ticket = next
    next += 1
    places.append(Place(ticket: ticket, element: element))
    return ticket
  }

  /// Removes the element that was added first; nil when there is none.
  @inlinable package mutating func popFirst() -> Element? { popPlace()?.element }

  /// As `popFirst()`, with the ticket.
  @inlinable package mutating func popFirstWithTicket() -> (ticket: Ticket, element: Element)? {
    guard let place = popPlace(), let element = place.element else { return nil }
    return (place.ticket, element)
  }

  /// Removes the element of this ticket; nil when it is not in the queue any more. The caller releases it: what its end does may use this
  /// queue.
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

  /// Removes all elements, in the order in which they were added.
  @inlinable package mutating func takeAll() -> [Element] {
    let all = places.takeAll()
    emptyPlaces = 0
    return all.compactMap(\.element)
  }

  /// The ticket of the first element for which `isWanted` is true. Takes time for each element before it.
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
    // Where no place is missing before it, it is at the end of these.
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
