extension RequestTarget {
  func path(in head: RawHead) -> String {
    switch form {
    case .authority: return ""
    case .asterisk: return "*"
    case .origin, .absolute:
      let range = pathAndQuery
      let end = questionMark(in: head) ?? range.upperBound
      return range.lowerBound == end ? "/" : head.string(range.lowerBound..<end)
    }
  }

  /// The positions of the path; empty for an absolute URI without a path, and for the other forms.
  func pathRange(in head: RawHead) -> Range<Int> {
    guard form == .origin || form == .absolute else { return range.lowerBound..<range.lowerBound }
    let part = pathAndQuery
    return part.lowerBound..<(questionMark(in: head) ?? part.upperBound)
  }

  /// Empty for the forms without them.
  var pathAndQueryRange: Range<Int> {
    form == .origin ? range : form == .absolute ? pathAndQuery : range.lowerBound..<range.lowerBound
  }

  func query(in head: RawHead) -> String? {
    questionMark(in: head).map { head.string($0 + 1..<range.upperBound) }
  }

  private var pathAndQuery: Range<Int> {
    (form == .absolute ? authority.upperBound : range.lowerBound)..<range.upperBound
  }

  private func questionMark(in head: RawHead) -> Int? {
    guard form == .origin || form == .absolute else { return nil }
    return pathAndQuery.first { head.bytes[$0] == UInt8(ascii: "?") }
  }
}
