/// Where SVG and MathML begin and end in a page (HTML §13.2.6.5): inside them `<title>` and `<script>` are ordinary
/// elements, and `<![CDATA[` is text.
struct ForeignContent {
  private enum Element {
    case svg, math
    /// A foreign element whose content is HTML again.
    case island(String)
  }
  /// The open elements that matter here.
  private var open: [Element] = []
  /// The maximum depth; deeper elements count as part of the one at the limit.
  private static let depth = 512

  /// Whether the next tag is an SVG or MathML tag.
  var isCurrent: Bool {
    switch open.last {
    case .svg?, .math?: true
    default: false
    }
  }

  var isSVG: Bool { if case .svg? = open.last { true } else { false } }

  /// - Returns: whether the tag is an SVG or MathML tag.
  mutating func start(_ tag: StartTag) -> Bool {
    if isCurrent, Self.breaksOut(tag) { leave() }
    let element: Element
    switch (tag.name, open.last) {
    // An `svg` inside `math`, or the reverse, is an element of the outer one.
    case ("svg", .math?), ("math", .svg?): return true
    case ("svg", _): element = .svg
    case ("math", _): element = .math
    case ("foreignobject", .svg?), ("desc", .svg?), ("title", .svg?): element = .island(tag.name)
    case ("mi", .math?), ("mo", .math?), ("mn", .math?), ("ms", .math?), ("mtext", .math?): element = .island(tag.name)
    case ("annotation-xml", .math?)
    where ["text/html", "application/xhtml+xml"].contains(tag["encoding"]?.lowercased()):
      element = .island(tag.name)
    default: return isCurrent
    }
    if !tag.isSelfClosing, open.count < Self.depth { open.append(element) }
    return true
  }

  mutating func end(_ name: String) {
    if open.isEmpty { return }
    // The end tags `</br>` and `</p>` also create HTML elements, which end the foreign content.
    if isCurrent, name == "br" || name == "p" { return leave() }
    let match = open.lastIndex {
      switch $0 {
      case .svg: name == "svg"
      case .math: name == "math"
      case .island(let own): name == own
      }
    }
    if let match { open.removeSubrange(match...) }
  }

  /// Closes elements up to the nearest HTML one.
  private mutating func leave() { while isCurrent { open.removeLast() } }

  /// Start tags that are HTML even inside foreign content.
  private static func breaksOut(_ tag: StartTag) -> Bool {
    tag.name == "font"
      ? tag["color"] != nil || tag["face"] != nil || tag["size"] != nil : breakingOut.contains(tag.name)
  }

  private static let breakingOut: Set<String> = [
    "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2", "h3",
    "h4",
    "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre", "ruby", "s",
    "small",
    "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var",
  ]
}
