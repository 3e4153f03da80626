import Testing

@testable import SwirlHTTPCore

@Suite struct ContentRangeTests {
  @Test(
    arguments: [
      ("bytes 0-4/5", 0..<5, 5), ("bytes 5-9/*", 5..<10, nil), ("bytes */10", nil, 10), ("Bytes 3-3/10", 3..<4, 10),
    ] as [(String, Range<Int>?, Int?)])
  func `positions are read`(value: String, positions: Range<Int>?, total: Int?) throws {
    let range = try #require(ContentRange(value))
    #expect(range.positions == positions && range.total == total)
  }

  @Test(arguments: [
    "", "bytes", "bytes 5", "items 0-4/5", "bytes -4/5", "bytes x-4/5", "bytes */*", "bytes 4-3/5", "bytes 0-5/5",
    "bytes 0-4/5/6", "bytes +0-4/5", "bytes 0-4/-5", "bytes 0-/5", "bytes 0-4", "bytes=0-4/5",
    "bytes 0-99999999999999999999/*", "bytes 0-9223372036854775807/*", "bytes 18446744073709551621-9/10",
  ])
  func `invalid positions are nil`(value: String) { #expect(ContentRange(value) == nil) }
}
