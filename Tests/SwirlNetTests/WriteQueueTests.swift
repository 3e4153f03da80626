import Testing

@testable import SwirlNet

@Suite struct WriteQueueTests {
  @Test(arguments: [1, 7, 1000, 16_384, 100_000])
  func `What was appended comes out in order, however much is taken at a time`(step: Int) {
    var queue = WriteQueue()
    var expected: [UInt8] = []
    for size in [1, 10, 16_383, 16_384, 16_385, 3, 50_000, 2] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ size) }
      expected += bytes
      if size % 2 == 0 { queue.append(bytes, sent: 0) } else { queue.append(bytes.span) }
    }
    #expect(queue.count == expected.count)
    var taken: [UInt8] = []
    while let (piece, sent) = queue.next {
      let count = min(step, piece.count - sent)
      taken += piece[sent..<(sent + count)]
      queue.removeFirst(count)
      #expect(queue.count == expected.count - taken.count)
    }
    #expect(taken == expected)
    #expect(queue.isEmpty)
  }

  @Test(arguments: [10, 20_000])
  func `Of the first piece a part may be sent already`(size: Int) {
    var queue = WriteQueue()
    queue.append([UInt8](repeating: 1, count: size), sent: 4)
    #expect(queue.count == size - 4)
    let next = queue.next
    #expect(next.map { $0.piece.count - $0.sent } == size - 4)
  }

  @Test func `Small writes are put together`() {
    var queue = WriteQueue()
    for _ in 0..<1000 { queue.append([UInt8](repeating: 1, count: 10), sent: 0) }
    #expect(queue.next?.piece.count == 10_000)
  }

  @Test func `A long write is kept without a copy`() {
    var queue = WriteQueue()
    let bytes = [UInt8](repeating: 1, count: 100_000)
    queue.append(bytes, sent: 5)
    let isSame = bytes.withUnsafeBufferPointer { mine in
      queue.next?.piece.withUnsafeBufferPointer { $0.baseAddress == mine.baseAddress }
    }
    #expect(isSame == true)
  }
}
