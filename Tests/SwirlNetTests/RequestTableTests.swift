import SwirlDeferred
import Testing

@testable import SwirlNet

@Suite struct RequestTableTests {
  /// A table, in which the tests call what changes it one by one.
  private final class Bench {
    private var table: RequestTable<Int>

    init(_ numbers: ClosedRange<Int>) { table = RequestTable(numbers: numbers) }

    func insert() -> Int? {
      guard let number = table.makeNumber() else { return nil }
      table.insert(.init(number: number, response: Deferred(), deadline: .max, receptions: 0, start: number))
      return number
    }

    func remove(_ number: Int) -> Int? { table.remove(number)?.number }
    func removeOldest() -> Int? { table.removeOldest()?.number }
    var count: Int { table.count }
  }

  @Test func `the oldest comes first, while it grows`() {
    let table = Bench(0...Int.max)
    for round in 0..<50 {
      for number in 0..<40 { #expect(table.insert() == round * 40 + number) }
      for number in 0..<40 { #expect(table.removeOldest() == round * 40 + number) }
    }
    for number in 2000..<5000 { #expect(table.insert() == number) }
    for number in 2000..<5000 { #expect(table.removeOldest() == number) }
    #expect(table.removeOldest() == nil && table.count == 0)
  }

  @Test func `a number is taken once`() {
    let table = Bench(1...1000)
    #expect(table.insert() == 1)
    for number in [17, 0, -1, 1001] { #expect(table.remove(number) == nil) }
    #expect(table.remove(1) == 1)
    #expect(table.remove(1) == nil)
  }

  @Test func `numbers begin anew, without those that are held, until all are`() {
    let table = Bench(10...14)
    #expect((0..<3).map { _ in table.insert() } == [10, 11, 12])
    #expect([11, 12].map { table.remove($0) } == [11, 12])
    #expect((0..<5).map { _ in table.insert() } == [13, 14, 11, 12, nil])
    #expect(table.count == 5)
  }

  @Test func `one that stays costs a place, not a range`() {
    let table = Bench(0...Int.max)
    #expect(table.insert() == 0)
    var last: Int?
    for _ in 0..<100_000 {
      last = table.insert()
      if let last, table.remove(last) == nil { Issue.record("\(last) is lost") }
    }
    #expect(last ?? 0 >= 100_000 && table.remove(0) == 0)
  }
}
