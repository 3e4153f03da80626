import SwirlPlatform
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

  @Test func `A part of a file keeps its place between bytes, and is sent in parts`() throws {
    let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0)
    let file = ReadableFile(descriptor)
    var queue = WriteQueue()
    queue.append([1, 2].span)
    queue.append(FileRegion(file, 10..<20), sent: 0)
    queue.append(FileRegion(file, 5..<5), sent: 0)
    queue.append([UInt8]().span)
    queue.append([3].span)
    queue.append([4], sent: 0)
    #expect(queue.count == 14 && queue.nextRegion == nil && queue.next?.piece == [1, 2])
    queue.removeFirst(2)
    #expect(queue.nextRegion?.range == 10..<20 && queue.count == 12)
    queue.removeFirst(3)
    #expect(queue.nextRegion?.range == 13..<20 && queue.count == 9)
    queue.removeFirst(7)
    #expect(queue.nextRegion == nil && queue.next?.piece == [3, 4] && queue.count == 2)
    queue.removeFirst(2)
    #expect(queue.isEmpty && queue.next == nil)
    queue.append(FileRegion(file, 0..<10), sent: 4)
    #expect(queue.nextRegion?.range == 4..<10 && queue.count == 6)
  }
}
