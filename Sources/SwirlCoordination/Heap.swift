/// A stable binary heap: elements of equal order come out in FIFO order.
struct Heap<Element> {
  private var entries: [(element: Element, order: Int)] = []
  private var inserted = 0
  private let goesBefore: (Element, Element) -> Bool

  init(_ goesBefore: @escaping (Element, Element) -> Bool) { self.goesBefore = goesBefore }

  var count: Int { entries.count }

  mutating func insert(_ element: Element) {
    inserted += 1
    entries.append((element, inserted))
    var index = entries.count - 1
    while index > 0, isBefore(index, (index - 1) / 2) {
      entries.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  mutating func popFirst() -> Element? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if entries.isEmpty { return first.element }
    entries[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < entries.count && isBefore(child, least) {
        least = child
      }
      if least == index { return first.element }
      entries.swapAt(index, least)
      index = least
    }
  }

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    if goesBefore(entries[a].element, entries[b].element) { return true }
    if goesBefore(entries[b].element, entries[a].element) { return false }
    return entries[a].order < entries[b].order
  }
}
