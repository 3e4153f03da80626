/// Makes an ``HTMLPage`` of its tags.
final class PageReader: TagReader {
  private var page: HTMLPage
  private let limits: HTMLPage.Limits
  private var places: [String: Int] = [:]
  private var considered = 0
  private var hasBase = false
  private var isInSVG = false
  private var title: [UInt8]?
  private(set) var wantsText = false

  init(_ page: HTMLPage, _ limits: HTMLPage.Limits) {
    self.page = page
    self.limits = limits
  }

  func finished() -> HTMLPage {
    if let title {
      let words = String(decoding: title, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      page.title = String(words.joined(separator: " ").prefix(limits.titleLength))
    }
    return page
  }

  func start(_ tag: String, _ attribute: (String) -> String?) {
    switch tag {
    case "a", "area": if let link = attribute("href") { add(link, rel: attribute("rel")) }
    case "frame", "iframe": if let link = attribute("src") { add(link, rel: nil) }
    case "base": if !hasBase, let reference = attribute("href") { setBase(reference) }
    case "meta": if attribute("name")?.lowercased() == "robots" { noteRobots(attribute("content") ?? "") }
    case "svg": isInSVG = true
    // An image's title is not the page's.
    case "title": if title == nil, !isInSVG { (title, wantsText) = ([], true) }
    default: break
    }
  }

  func end(_ tag: String) {
    switch tag {
    case "title": wantsText = false
    case "svg": isInSVG = false
    default: break
    }
  }

  func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    // Four bytes to a character at most; the rest of what there is room for is blanks.
    let room = limits.titleLength * 8 - (title?.count ?? 0)
    if room > 0 { title?.append(contentsOf: bytes.prefix(room)) }
  }

  /// HTML §4.2.3: the first counts.
  private func setBase(_ reference: String) {
    hasBase = true
    if let base = normalizeURL(joinURL(page.base, Self.stripped(reference))), base.utf8.count <= limits.linkLength {
      page.base = base
    }
  }

  private func noteRobots(_ content: String) {
    for word in content.lowercased().split(whereSeparator: { $0 == "," || $0.isWhitespace })
    where page.robots.count < 20 {
      page.robots.insert(String(word))
    }
  }

  private func add(_ reference: String, rel: String?) {
    // Ten times as many may be malformed, or the same again: each takes time.
    considered += 1
    guard page.allLinks.count < limits.links, considered <= 10 * limits.links else {
      page.isComplete = false
      return
    }
    let reference = Self.stripped(reference)
    // The fragment alone is this page.
    guard !reference.hasPrefix("#"), Self.mayBeHTTP(reference) else { return }
    guard reference.utf8.count <= limits.linkLength, let url = normalizeURL(joinURL(page.base, reference)),
      url.utf8.count <= limits.linkLength
    else {
      page.malformedLinks += 1
      return
    }
    let isNofollow =
      rel.map { $0.lowercased().split(whereSeparator: \.isWhitespace).contains("nofollow") } ?? false
    if let place = places[url] {
      if !isNofollow { page.allLinks[place].isNofollow = false }
    } else {
      places[url] = page.allLinks.count
      page.allLinks.append(.init(url: url, isNofollow: isNofollow))
    }
  }

  /// Whether it is relative, or of a scheme that is wanted: `mailto:` and `javascript:` are not malformed.
  private static func mayBeHTTP(_ reference: String) -> Bool {
    let scheme = reference.utf8.prefix { $0 != UInt8(ascii: ":") && !"/?#".utf8.contains($0) }
    guard scheme.endIndex < reference.utf8.endIndex, reference.utf8[scheme.endIndex] == UInt8(ascii: ":") else {
      return true
    }
    return ["http", "https"].contains(String(scheme)?.lowercased())
  }

  /// Without what the URL standard drops: blanks at both ends, tabs and line ends within.
  private static func stripped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 <= 0x20 }) else { return text }
    let bytes = Array(text.utf8.filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D })
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }), let last = bytes.lastIndex(where: { $0 > 0x20 }) else {
      return ""
    }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
