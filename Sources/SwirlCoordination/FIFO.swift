/// A FIFO queue of elements. It releases an element when it is taken.
struct FIFO<Element> {
  private var elements: [Element?] = []
  /// The number of taken elements at the front of `elements`. They are removed together once they are half of it.
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
