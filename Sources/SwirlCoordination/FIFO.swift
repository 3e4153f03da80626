/// Elements in the order they were put; one that is taken is let go of.
struct FIFO<Element> {
  private var elements: [Element?] = []
  /// How many of `elements` were taken: they are removed together, when they are half of it.
  private var taken = 0

  var count: Int { elements.count - taken }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func popFirst() -> Element? {
    guard taken < elements.count else { return nil }
    let first = elements[taken].take()
    taken += 1
    if taken * 2 >= elements.count {
      elements.removeFirst(taken)
      taken = 0
    }
    return first
  }
}
