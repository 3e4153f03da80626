#if HTTP2
import SwirlTesting
import Testing

@testable import SwirlHTTP2

@Suite struct StreamTableTests {
  @Test func `it holds what it was given, and nothing else`() {
    var table = StreamTable<String>()
    #expect(table.isEmpty && table[1] == nil && table.values.isEmpty)
    table[1] = "one"
    table[3] = "three"
    #expect(table.count == 2 && table[1] == "one" && table[3] == "three" && table[5] == nil)
    table[1] = "another"
    #expect(table.count == 2 && table[1] == "another")
    #expect(table.removeValue(for: 1) == "another")
    #expect(table.removeValue(for: 1) == nil)
    table[3] = nil
    table[3] = nil
    #expect(table.isEmpty && table.values.isEmpty)
  }

  @Test(arguments: [Int32(2), 256, 1 << 20])
  func `it is as a dictionary, with numbers near one another and far apart`(_ step: Int32) {
    var random = SeededGenerator(seed: UInt64(step))
    var table = StreamTable<Int>()
    var dictionary: [Int32: Int] = [:]
    for round in 0..<20_000 {
      let stream = 1 + step * Int32.random(in: 0..<200, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        table[stream] = round
        dictionary[stream] = round
      case 1: #expect(table.removeValue(for: stream) == dictionary.removeValue(forKey: stream))
      default: #expect(table[stream] == dictionary[stream])
      }
      #expect(table.count == dictionary.count && table.isEmpty == dictionary.isEmpty)
    }
    #expect(table.values.sorted() == dictionary.values.sorted())
    for (stream, value) in dictionary { #expect(table.removeValue(for: stream) == value) }
    #expect(table.isEmpty)
  }

  @Test func `streams whose places meet at the end of the memory go in any order`() {
    // Of eight places these want the last two.
    let streams: [Int32] = [13, 15, 29, 31]
    for order in permutations(of: streams) {
      var table = StreamTable<Int32>()
      for stream in streams { table[stream] = stream }
      for (index, stream) in order.enumerated() {
        #expect(table.removeValue(for: stream) == stream)
        for other in order[(index + 1)...] { #expect(table[other] == other, "\(order), without \(stream)") }
        #expect(table.count == order.count - index - 1)
      }
    }
  }

  @Test func `it is filled and drained again and again`() {
    var table = StreamTable<Int>()
    for round in 0..<3 {
      for index in 0..<500 { table[Int32(2 * index + 1)] = round }
      #expect(table.count == 500 && table.values.allSatisfy { $0 == round })
      for index in 0..<500 { #expect(table.removeValue(for: Int32(2 * index + 1)) == round) }
      #expect(table.isEmpty && table[1] == nil)
    }
  }

  @Test func `the number of the connection has nothing, and takes nothing away`() {
    var table = StreamTable<Int>()
    for stream in [0, -1] as [Int32] {
      #expect(table.removeValue(for: stream) == nil)
      table[1] = 1
      #expect(table[stream] == nil && table.removeValue(for: stream) == nil)
      table[stream] = nil
      #expect(table.count == 1 && table[1] == 1)
    }
  }

  private func permutations(of items: [Int32]) -> [[Int32]] {
    if items.count < 2 { return [items] }
    return items.flatMap { first in permutations(of: items.filter { $0 != first }).map { [first] + $0 } }
  }

  @Test func `what was removed is released`() {
    final class Witness {}
    var table = StreamTable<Witness>()
    var witnesses = (0..<100).map { _ in Witness() }
    weak let first = witnesses[0]
    for (index, witness) in witnesses.enumerated() { table[Int32(2 * index + 1)] = witness }
    witnesses = []
    table[1] = nil
    #expect(first == nil)
  }

  @Test func `the highest number is one like others`() {
    var table = StreamTable<Int>()
    table[.max] = 1
    #expect(table[.max] == 1 && table[.max - 2] == nil)
    table[.max] = nil
    #expect(table.isEmpty)
  }
}
#endif
