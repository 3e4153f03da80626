/// An element of a ``Heap``.
@usableFromInline package protocol HeapElement {
  /// Whether it comes before `other`: a strict weak order.
  func precedes(_ other: Self) -> Bool
}

/// A binary heap: reading the element that no other precedes takes constant time, adding and removing logarithmic time.
///
/// Elements that do not precede one another come out in any order. For FIFO order, include a sequence number.
@usableFromInline package struct Heap<Element: HeapElement> {
  /// All elements: the element at index i precedes, or equals, those at 2i + 1 and 2i + 2.
  @usableFromInline var array: [Element] = []

  /// Makes an empty heap.
  @inlinable package init() {}

  @inlinable package var count: Int { array.count }
  @inlinable package var isEmpty: Bool { array.isEmpty }

  /// The number of elements for which it has memory.
  package var capacity: Int { array.capacity }

  /// The element that no other precedes.
  @inlinable package var first: Element? { array.first }

  /// All elements, unordered.
  @inlinable package var elements: [Element] { array }

  /// Adds an element.
  @inlinable package mutating func insert(_ element: Element) {
    array.append(element)
    siftUp(array.count - 1)
  }

  /// Removes the element that no other precedes; nil if it is empty.
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

  /// Removes the elements for which `isUnwanted` is true. Linear time.
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

  /// Frees the memory of a burst. Less than 4,096 places stay, so that a heap whose count goes up and down does not
  /// allocate.
  @inlinable mutating func shrinkIfSparse() {
    guard array.capacity > 4096, array.count * 4 <= array.capacity else { return }
    var kept: [Element] = []
    kept.reserveCapacity(array.count * 2)
    kept.append(contentsOf: array)
    array = kept
  }
}

extension Heap: Sendable where Element: Sendable {}
