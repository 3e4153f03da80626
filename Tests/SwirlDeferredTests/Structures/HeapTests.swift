import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct HeapTests {
  private struct Number: HeapElement {
    let value: Int
    func precedes(_ other: Number) -> Bool { value < other.value }
  }

  /// Random operations, against a sorted array.
  @Test(arguments: 1...16 as ClosedRange<UInt64>) func `it does what a sorted array does`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var heap = Heap<Number>()
    var model: [Int] = []
    for _ in 0..<2000 {
      switch Int.random(in: 0..<(seed % 2 == 1 ? 8 : 5), using: &random) {
      case 0, 1:
        #expect(heap.popFirst()?.value == (model.isEmpty ? nil : model.removeFirst()))
      case 2 where Int.random(in: 0..<20, using: &random) == 0:
        let divisor = Int.random(in: 2...5, using: &random)
        heap.removeAll { $0.value.isMultiple(of: divisor) }
        model.removeAll { $0.isMultiple(of: divisor) }
      default:
        let value = Int.random(in: 0..<100, using: &random)
        heap.insert(Number(value: value))
        model.append(value)
        model.sort()
      }
      #expect(heap.first?.value == model.first && heap.count == model.count && heap.isEmpty == model.isEmpty)
    }
    #expect(heap.elements.map(\.value).sorted() == model)
    while let first = heap.popFirst() { #expect(first.value == model.removeFirst()) }
    #expect(model.isEmpty)
  }

  @Test func `the memory of a burst is given back while it drains`() {
    var heap = Heap<Number>()
    for value in 0..<100_000 { heap.insert(Number(value: value)) }
    #expect(heap.capacity >= 100_000)
    for value in 0..<99_990 { #expect(heap.popFirst()?.value == value) }
    #expect(heap.capacity <= 8192)
    for value in 99_990..<100_000 { heap.insert(Number(value: -value)) }
    heap.removeAll { $0.value > 0 }
    #expect(heap.count == 10 && heap.first?.value == -99_999)
  }
}
