/// An entity tag: the name of one version of a representation (RFC 9110 §8.8.3).
///
/// ```swift
/// let tag = EntityTag("v\(version)")
/// return .text(page).with(.eTag, tag.description).conditional(for: request)
/// ```
public struct EntityTag: Sendable, Hashable {
  /// The text between the quotes.
  public let value: String
  /// Whether versions that mean the same, but differ in their bytes, may share it: `W/"…"`. A weak tag never allows a
  /// range.
  public let isWeak: Bool

  /// - Parameters:
  ///   - value: the text between the quotes. A character that can't be in a tag is replaced by `_`: a quote, a blank, a
  ///     control character and anything beyond ASCII.
  ///   - isWeak: whether versions that differ in their bytes may share it.
  public init(_ value: String, isWeak: Bool = false) {
    let isValid = value.utf8.allSatisfy { Self.isTag($0) && $0 < 0x80 }
    self.value =
      isValid
      ? value
      : String(decoding: value.utf8.map { Self.isTag($0) && $0 < 0x80 ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    self.isWeak = isWeak
  }

  /// A strong tag for these bytes, by their length and an FNV-1a hash of 64 bits: equal bytes have equal tags in every
  /// process. Tornado: `compute_etag`.
  public init(hashing bytes: [UInt8]) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    value = String(bytes.count, radix: 16) + "-" + String(hash, radix: 16)
    isWeak = false
  }

  /// The tag in the value of an ETag field; nil for anything else, such as a tag without quotes.
  public init?(parsing field: String) {
    var rest = Substring(field).utf8
    guard let tag = Self.next(&rest), rest.isEmpty else { return nil }
    self = tag
  }

  private init(checked value: String, isWeak: Bool) {
    self.value = value
    self.isWeak = isWeak
  }

  /// The same tag as a weak one: for a representation with a content coding that is not the same bytes each time.
  public var weakened: EntityTag { EntityTag(checked: value, isWeak: true) }

  /// Whether both are strong and equal (RFC 9110 §8.8.3.2).
  public func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && value == other.value }

  /// Whether both are equal, weak or not (RFC 9110 §8.8.3.2).
  public func matchesWeakly(_ other: EntityTag) -> Bool { value == other.value }

  /// Any visible character but the quote.
  private static func isTag(_ byte: UInt8) -> Bool { byte > 0x20 && byte != 0x22 && byte != 0x7F }

  /// Removes one tag from the front of `rest`; nil, and removes a part of it, if there is no tag.
  fileprivate static func next(_ rest: inout Substring.UTF8View) -> EntityTag? {
    var isWeak = false
    if rest.first == UInt8(ascii: "W") {
      rest.removeFirst()
      guard rest.popFirst() == UInt8(ascii: "/") else { return nil }
      isWeak = true
    }
    guard rest.popFirst() == .quote, let end = rest.firstIndex(of: .quote) else { return nil }
    let value = rest[..<end]
    guard value.allSatisfy(isTag) else { return nil }
    rest = rest[rest.index(after: end)...]
    return EntityTag(checked: String(Substring(value)), isWeak: isWeak)
  }
}

extension EntityTag: CustomStringConvertible {
  /// The value of an ETag field: `"v1"`, or `W/"v1"`.
  public var description: String { "\(isWeak ? "W/" : "")\"\(value)\"" }
}

/// The list of tags of a condition (RFC 9110 §13.1.1, §13.1.2).
package enum EntityTagList: Equatable {
  /// `*`
  case any
  case tags([EntityTag])

  /// What follows an element that is no tag is not read: a list without tags matches nothing.
  package init(_ field: String) {
    var rest = Substring(field).utf8
    rest.trimBlanks()
    if rest.elementsEqual("*".utf8) {
      self = .any
      return
    }
    var tags: [EntityTag] = []
    while !rest.isEmpty {
      // A tag may have a comma in it, so the list is not split. It may have empty elements (RFC 9110 §5.6.1).
      if rest.first == .comma || rest.first?.isBlank == true {
        rest.removeFirst()
        continue
      }
      guard let tag = EntityTag.next(&rest) else { break }
      tags.append(tag)
    }
    self = .tags(tags)
  }

  package func contains(where matches: (EntityTag) -> Bool) -> Bool {
    switch self {
    case .any: true
    case .tags(let tags): tags.contains(where: matches)
    }
  }
}

extension Substring.UTF8View {
  /// Removes blanks at both ends.
  mutating func trimBlanks() {
    while first?.isBlank == true { removeFirst() }
    while last?.isBlank == true { removeLast() }
  }
}
