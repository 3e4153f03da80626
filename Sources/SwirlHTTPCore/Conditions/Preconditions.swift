/// The conditions of a request, in the order in which they are evaluated (RFC 9110 §13.2.2).
package struct Preconditions {
  /// What the conditions make of a request that would succeed without them.
  package enum Outcome: Equatable {
    case proceed
    /// 304.
    case notModified
    /// 412.
    case failed
  }

  package let ifMatch: String?
  package let ifNoneMatch: String?
  package let ifModifiedSince: String?
  package let ifUnmodifiedSince: String?
  /// The value of If-Range; without it a Range holds.
  package let ifRange: String?
  /// Whether the method is GET or HEAD.
  package let isReading: Bool

  package init(_ head: RequestHead) {
    // A list may come in several lines.
    ifMatch = head.raw.list("if-match")
    ifNoneMatch = head.raw.list("if-none-match")
    ifModifiedSince = head["if-modified-since"]
    ifUnmodifiedSince = head["if-unmodified-since"]
    ifRange = head["if-range"]
    isReading = head.kind == .get || head.kind == .head
  }

  /// - Parameters:
  ///   - tag: that of the representation.
  ///   - lastModified: in seconds since 1970.
  ///   - exists: whether the resource has a representation.
  ///   - now: in seconds since 1970.
  package func outcome(tag: EntityTag?, lastModified: Int?, exists: Bool = true, now: Int) -> Outcome {
    if let ifMatch {
      let list = EntityTagList(ifMatch)
      guard list == .any ? exists : list.contains(where: { tag?.matchesStrongly($0) == true }) else { return .failed }
    } else if let ifUnmodifiedSince, let lastModified, let date = HTTPDate.parseAny(ifUnmodifiedSince, now: now) {
      if lastModified > date { return .failed }
    }
    if let ifNoneMatch {
      let list = EntityTagList(ifNoneMatch)
      if list == .any ? exists : list.contains(where: { tag?.matchesWeakly($0) == true }) {
        return isReading ? .notModified : .failed
      }
    } else if isReading, let ifModifiedSince, let lastModified,
      let date = HTTPDate.parseAny(ifModifiedSince, now: now), lastModified <= date
    {
      return .notModified
    }
    return .proceed
  }

  /// Whether the client's part is of this version, so that a range completes it (RFC 9110 §13.1.5). A weak validator
  /// never says so.
  package func allowsRange(tag: EntityTag?, lastModified: Int?, now: Int) -> Bool {
    guard let ifRange else { return true }
    if let theirs = EntityTag(parsing: ifRange) { return tag?.matchesStrongly(theirs) == true }
    // A date is strong if nothing could change within its second after it was read (RFC 9110 §8.8.2.2).
    guard let lastModified, lastModified < now else { return false }
    return HTTPDate.parseAny(ifRange, now: now) == lastModified
  }
}
