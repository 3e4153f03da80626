import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct RingBufferTests {
  /// Random operations, against an array. Odd seeds add more than they remove, so that it grows and wraps around.
  @Test(arguments: 1...16 as ClosedRange<UInt64>) func `it does what an array does`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var buffer = RingBuffer<Int>()
    var model: [Int] = []
    for number in 0..<3000 {
      switch Int.random(in: 0..<(seed % 2 == 1 ? 12 : 9), using: &random) {
      case 0, 1:
        #expect(buffer.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
      case 2, 3:
        #expect(buffer.popLast() == model.popLast())
      case 4, 5:
        buffer.prepend(number)
        model.insert(number, at: 0)
      case 6 where !model.isEmpty:
        let index = model.indices.randomElement(using: &random)!
        buffer[index] = -number
        model[index] = -number
      case 7 where number % 10 == 0:
        let divisor = Int.random(in: 2...5, using: &random)
        buffer.removeAll { $0.isMultiple(of: divisor) }
        model.removeAll { $0.isMultiple(of: divisor) }
      default:
        buffer.append(number)
        model.append(number)
      }
      #expect(buffer.count == model.count && buffer.isEmpty == model.isEmpty)
      #expect(buffer.first == model.first && buffer.last == model.last)
    }
    #expect(Array(buffer) == model)
    #expect(Array(buffer.takeAll()) == model && buffer.isEmpty && buffer.popFirst() == nil && buffer.popLast() == nil)
  }

  @Test func `a removed element is released at once`() {
    let census = Census()
    var buffer = RingBuffer<Citizen>()
    for _ in 0..<100 { buffer.append(census.newCitizen()) }
    for left in (0..<100).reversed() {
      _ = left.isMultiple(of: 2) ? buffer.popFirst() : buffer.popLast()
      #expect(census.alive == left)
    }
  }

  @Test func `the memory of a burst is given back while it drains`() {
    var buffer = RingBuffer<Int>()
    for number in 0..<100_000 { buffer.append(number) }
    #expect(buffer.capacity >= 100_000)
    for number in 0..<99_990 { #expect(buffer.popFirst() == number) }
    #expect(buffer.capacity <= 64)
    #expect(Array(buffer) == Array(99_990..<100_000))
  }

  @Test func `a queue that stays short keeps its memory however much passes through it`() {
    var buffer = RingBuffer<Int>()
    for number in 0..<3 { buffer.append(number) }
    let capacity = buffer.capacity
    for number in 3..<10_000 {
      buffer.append(number)
      #expect(buffer.popFirst() == number - 3)
    }
    #expect(buffer.capacity == capacity)
  }

  @Test func `a copy does not see what is done to the other`() {
    var buffer = RingBuffer<Int>()
    for number in 0..<5 { buffer.append(number) }
    let copy = buffer
    _ = buffer.popFirst()
    buffer[0] = 7
    #expect(Array(copy) == [0, 1, 2, 3, 4] && Array(buffer) == [7, 2, 3, 4])
  }
}
