import Testing

@testable import SwirlHTTPCore

@Suite struct RangeSelectionTests {
  @Test(
    arguments: [
      ("bytes=0-499", .parts([0..<500])), ("bytes=500-999", .parts([500..<1000])),
      ("bytes=-500", .parts([9500..<10000])),
      ("bytes=9500-", .parts([9500..<10000])), ("bytes=0-0", .parts([0..<1])), ("bytes=-1", .parts([9999..<10000])),
      ("bytes=0-", .parts([0..<10000])), ("bytes=-20000", .parts([0..<10000])),
      ("bytes=9999-20000", .parts([9999..<10000])),
      ("BYTES=0-1", .parts([0..<2])), ("bytes= 0-1 , ,", .parts([0..<2])),
      ("bytes=0-99999999999999999999", .parts([0..<10000])), ("bytes=-99999999999999999999", .parts([0..<10000])),
      ("bytes=10000-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=99999999999999999999-", .unsatisfiable),
      ("bytes=10000-,-0", .unsatisfiable), ("bytes=10000-,0-1", .parts([0..<2])),
      ("bytes=0-0,-1", .parts([0..<1, 9999..<10000])), ("bytes=-1,0-0", .parts([9999..<10000, 0..<1])),
      // Overlapping ones, and those with a gap of less than a part costs, are one.
      ("bytes=0-5,3-9", .parts([0..<10])), ("bytes=0-,0-,0-", .parts([0..<10000])),
      ("bytes=0-4,10-14", .parts([0..<15])),
      ("bytes=500-599,5000-5099,550-650", .parts([500..<651, 5000..<5100])),
      ("bytes", .whole), ("", .whole), ("bytes=", .whole), ("bytes=,", .whole), ("bytes 0-1", .whole),
      ("bytes=1", .whole),
      ("bytes=-", .whole), ("bytes=2-1", .whole), ("bytes=a-b", .whole), ("bytes=0-1,x", .whole),
      ("bytes=+0-1", .whole),
      ("bytes=0--1", .whole), ("bytes=0-1-2", .whole), ("items=0-1", .whole), ("bytes=0x0-1", .whole),
      ("bytes=0 - 1", .whole), ("bytes =0-1", .whole),
    ] as [(String, RangeSelection)])
  func `ranges of 10,000 bytes_RFC9110_14_1_2`(field: String, selection: RangeSelection) {
    #expect(RangeSelection(field, length: 10_000) == selection)
  }

  @Test(arguments: ["bytes=0-", "bytes=-1", "bytes=0-0", "bytes=-0", "bytes=5-"])
  func `an empty representation is sent whole`(field: String) {
    #expect(RangeSelection(field, length: 0) == .whole)
  }

  @Test func `a list of too many ranges is ignored, and never adds up to more than the whole`() {
    let many = "bytes=" + (0..<1300).map { "5-\($0 + 5)" }.joined(separator: ",")
    #expect(RangeSelection(many, length: 10_000) == .whole)
    let nested = "bytes=" + (0..<64).map { "\($0)-" }.joined(separator: ",")
    #expect(RangeSelection(nested, length: 10_000) == .parts([0..<10_000]))
    let apart = "bytes=" + (0..<64).map { "\($0 * 150)-\($0 * 150)" }.joined(separator: ",")
    guard case .parts(let parts) = RangeSelection(apart, length: 10_000) else { return #expect(Bool(false)) }
    #expect(parts.count == 64)
  }
}
