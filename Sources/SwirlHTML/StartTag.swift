/// A start tag that reads its attributes on demand. One value serves all tags of a page.
struct StartTag {
  var name = ""
  var isSelfClosing = false
  /// Whether it is an SVG or MathML element.
  var isForeign = false
  /// Whether it is an SVG element.
  var isSVG = false
  private var attributes: [(name: String, value: ArraySlice<UInt8>)] = []

  /// Whether this parser uses attributes of such a tag.
  static func isRead(_ name: String) -> Bool {
    switch name {
    case "a", "area", "frame", "iframe", "base", "meta", "title", "font", "annotation-xml": true
    default: false
    }
  }

  mutating func forgetAttributes() {
    attributes.removeAll(keepingCapacity: true)
    isSelfClosing = false
  }

  /// Notes an attribute that matters; the first of a name counts.
  mutating func note(_ page: [UInt8], _ name: Range<Int>, _ value: Range<Int>) {
    guard name.count <= 16 else { return }
    let name = String(decoding: page[name].map(\.lowercased), as: UTF8.self)
    switch name {
    case "href", "src", "rel", "name", "content", "http-equiv", "xlink:href", "color", "face", "size", "encoding":
      if !attributes.contains(where: { $0.name == name }) { attributes.append((name, page[value])) }
    default: break
    }
  }

  /// The value with its character references decoded; nil without this attribute.
  func bytes(_ name: String) -> [UInt8]? {
    attributes.first { $0.name == name }.map { CharacterReferences.decode($0.value, inAttribute: true) }
  }

  subscript(name: String) -> String? { bytes(name).map { String(decoding: $0, as: UTF8.self) } }
}
