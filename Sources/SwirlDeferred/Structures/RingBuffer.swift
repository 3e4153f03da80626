/// A double-ended queue in a circular array: adding and removing takes amortized constant time at both ends.
///
/// Removing an element clears its slot, so it is released as soon as the caller drops it. The array grows with the
/// elements and halves when three quarters of it are empty, which frees the memory of a burst while the queue drains.
///
/// The subscript reads and changes elements in place; 0 is the first.
///
/// Without `@usableFromInline` on the type the compiler drops the `@inlinable` of its members, and other modules run
/// them unspecialized.
@usableFromInline package struct RingBuffer<Element> {
  /// The count is zero or a power of two. Empty slots are nil.
  @usableFromInline var slots: [Element?] = []
  /// The slot of the first element.
  @usableFromInline var head = 0
  @usableFromInline var size = 0

  /// Makes an empty queue, without allocating.
  @inlinable package init() {}

  @inlinable package var count: Int { size }

  /// The number of elements for which it has memory.
  package var capacity: Int { slots.count }

  @inlinable func slot(_ index: Int) -> Int { (head &+ index) & (slots.count &- 1) }

  /// Adds an element at the end.
  @inlinable package mutating func append(_ element: Element) {
    if size == slots.count { grow() }
    slots[slot(size)] = element
    size += 1
  }

  /// Adds an element at the beginning.
  @inlinable package mutating func prepend(_ element: Element) {
    if size == slots.count { grow() }
    head = slot(-1)
    slots[head] = element
    size += 1
  }

  /// Removes the first element; nil if it is empty.
  @inlinable package mutating func popFirst() -> Element? {
    if size == 0 { return nil }
    let first = slots[head].take()
    head = slot(1)
    size -= 1
    shrinkIfSparse()
    return first
  }

  /// Removes the last element; nil if it is empty.
  @inlinable package mutating func popLast() -> Element? {
    if size == 0 { return nil }
    size -= 1
    let last = slots[slot(size)].take()
    shrinkIfSparse()
    return last
  }

  /// Removes all elements and returns them for the caller to release: their deinits may use this queue.
  @inlinable package mutating func takeAll() -> RingBuffer {
    let all = self
    self = RingBuffer()
    return all
  }

  /// Removes the elements for which `isUnwanted` is true; the others keep their order. Linear time. It releases them
  /// before it returns: their deinits must not use this queue.
  @inlinable package mutating func removeAll(where isUnwanted: (Element) throws -> Bool) rethrows {
    var kept = RingBuffer()
    for element in self where try !isUnwanted(element) { kept.append(element) }
    self = kept
  }

  // MARK: - Memory

  @inlinable func isSparse(_ size: Int) -> Bool { slots.count > 32 && size &* 4 <= slots.count }

  @inlinable mutating func grow() {
    let full = slots.count
    slots.append(contentsOf: repeatElement(nil, count: full == 0 ? 4 : full))
    // Move the wrapped elements back behind the others.
    for index in 0..<head { slots.swapAt(index, full + index) }
  }

  @inlinable mutating func shrinkIfSparse() {
    if isSparse(size) { shrink() }
  }

  @inlinable mutating func shrink() {
    let half = slots.count / 2
    var kept: [Element?] = []
    kept.reserveCapacity(half)
    for index in 0..<size { kept.append(slots[slot(index)].take()) }
    kept.append(contentsOf: repeatElement(nil, count: half - size))
    slots = kept
    head = 0
  }
}

extension RingBuffer: RandomAccessCollection, MutableCollection {
  @inlinable package var startIndex: Int { 0 }
  @inlinable package var endIndex: Int { size }

  @inlinable package subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < size, "no element of the queue has this index")
      return slots[slot(index)]!
    }
    _modify {
      precondition(index >= 0 && index < size, "no element of the queue has this index")
      yield &slots[slot(index)]!
    }
  }
}

extension RingBuffer: Sendable where Element: Sendable {}
