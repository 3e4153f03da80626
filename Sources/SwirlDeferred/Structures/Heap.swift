/// What a ``Heap`` puts in order.
@usableFromInline package protocol HeapElement {
  /// Whether it comes before `other`: a strict weak order.
  func precedes(_ other: Self) -> Bool
}

/// A binary heap: the element that no other precedes is at hand, and adding and removing takes logarithmic time.
///
/// Elements that do not precede one another come in no order. One that has to keep the order in which they were added counts them.
@usableFromInline package struct Heap<Element: HeapElement> {
  /// All elements: each precedes, or equals, those at twice its index and one or two more.
  @usableFromInline var array: [Element] = []

  /// Makes an empty heap.
  @inlinable package init() {}

  @inlinable package var count: Int { array.count }
  @inlinable package var isEmpty: Bool { array.isEmpty }

  /// How many elements there is memory for.
  package var capacity: Int { array.capacity }

  /// The element that no other precedes.
  @inlinable package var first: Element? { array.first }

  /// All elements, in no order.
  @inlinable package var elements: [Element] { array }

  /// Adds an element.
  @inlinable package mutating func insert(_ element: Element) {
    array.append(element)
    siftUp(array.count - 1)
  }

  /// Removes the element that no other precedes; nil when there is none.
  @inlinable package mutating func popFirst() -> Element? {
    guard let first = array.first else { return nil }
    let last = array.removeLast()
    if !array.isEmpty {
      array[0] = last
      siftDown(0)
    }
    shrinkIfSparse()
    return first
  }

  /// Removes the elements for which `isUnwanted` is true. Takes time for each element.
  @inlinable package mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
    try array.removeAll(where: isUnwanted)
    var index = array.count / 2
    while index > 0 {
      index -= 1
      siftDown(index)
    }
    shrinkIfSparse()
  }

  @inlinable mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard array[index].precedes(array[parent]) else { return }
      array.swapAt(index, parent)
      index = parent
    }
  }

  @inlinable mutating func siftDown(_ start: Int) {
    var index = start
    while true {
      var least = index
      let left = 2 * index + 1
      if left < array.count, array[left].precedes(array[least]) { least = left }
      if left + 1 < array.count, array[left + 1].precedes(array[least]) { least = left + 1 }
      guard least != index else { return }
      array.swapAt(index, least)
      index = least
    }
  }

  /// Gives the memory of a burst back.
  @inlinable mutating func shrinkIfSparse() {
    guard array.capacity > 64, array.count * 4 <= array.capacity else { return }
    var kept: [Element] = []
    kept.reserveCapacity(array.count * 2)
    kept.append(contentsOf: array)
    array = kept
  }
}

extension Heap: Sendable where Element: Sendable {}
