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
