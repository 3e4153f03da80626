/// Something that is kept until it has ended, and knows its own place in the list.
protocol Kept: AnyObject {
  /// Where it stands; nil when it is not kept.
  var keptAt: Int? { get set }
}

/// Objects that are kept alive because nobody else has to, in no order: one goes in and out in constant time, without hashing.
struct KeptList<Element: Kept> {
  private(set) var elements: [Element] = []

  mutating func insert(_ element: Element) {
    element.keptAt = elements.count
    elements.append(element)
  }

  /// Keeps it no more; nothing happens when it was not kept.
  mutating func remove(_ element: Element) {
    guard let place = element.keptAt else { return }
    element.keptAt = nil
    let last = elements.removeLast()
    if last !== element {
      elements[place] = last
      last.keptAt = place
    }
  }
}
