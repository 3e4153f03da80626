internal import SwirlContent
internal import SwirlHTTPCore

/// Builds an ``HTMLPage`` from its tags.
final class PageReader: TagReader {
  private var page: HTMLPage
  private let limits: HTMLPage.Limits
  private let text: PageText
  private let agent: String?
  /// Links as the page has them. They are resolved at its end, since a `<base>` may come late.
  private var references: [(reference: [UInt8], isNofollow: Bool)] = []
  private var places: [String: Int] = [:]
  private var baseReference: [UInt8]?
  private var title: [UInt8]?
  private(set) var wantsText = false

  init(_ page: HTMLPage, _ text: PageText, for agent: String?, _ limits: HTMLPage.Limits) {
    self.page = page
    self.text = text
    self.agent = agent?.lowercased()
    self.limits = limits
  }

  func finished() -> HTMLPage {
    if let title {
      let words = String(decoding: title, as: UTF8.self).split(whereSeparator: \.isWhitespace)
      page.title = String(words.joined(separator: " ").prefix(limits.titleLength))
    }
    let document = try? HTTPURL.parse(page.url)
    let base = baseURL(in: document)
    for (reference, isNofollow) in references {
      guard page.allLinks.count < limits.links else {
        page.isComplete = false
        break
      }
      add(reference, isNofollow, at: base)
    }
    return page
  }

  // MARK: - Tags

  func start(_ tag: StartTag) {
    if tag.isForeign {
      // Of SVG, only links count.
      if tag.name == "a", tag.isSVG, let link = tag.bytes("href") ?? tag.bytes("xlink:href") { note(link, rel: nil) }
      return
    }
    switch tag.name {
    case "a", "area": if let link = tag.bytes("href") { note(link, rel: tag["rel"]) }
    case "frame", "iframe": if let link = tag.bytes("src") { note(link, rel: nil) }
    // HTML §4.2.3: the first `<base>` counts.
    case "base": if baseReference == nil { baseReference = tag.bytes("href") }
    case "meta": meta(tag)
    // An image's title is not the page's.
    case "title": if title == nil { (title, wantsText) = ([], true) }
    default: break
    }
  }

  func end(_ name: String) { if name == "title" { wantsText = false } }

  func text(_ text: [UInt8]) {
    // A character has at most four bytes; the rest of the room is for blanks.
    let room = limits.titleLength * 8 - (title?.count ?? 0)
    if room > 0 { title?.append(contentsOf: text.prefix(room)) }
  }

  private func meta(_ tag: StartTag) {
    let content = tag["content"] ?? ""
    if let name = tag["name"]?.lowercased(), name == "robots" || name == agent { noteRobots([content]) }
    if tag["http-equiv"]?.lowercased() == "refresh" { noteRefresh(content) }
  }

  // MARK: - Values that response fields have, too

  /// Notes an `X-Robots-Tag` value, or the content of `<meta name=robots>`.
  func noteRobots(_ values: [String]) {
    for word in RobotsTag.directives(in: values, for: agent) where page.robots.count < 20 { page.robots.insert(word) }
  }

  /// Notes a `Refresh` value, or the content of `<meta http-equiv=refresh>`.
  func noteRefresh(_ value: String) { if let link = Refresh.url(in: value) { note(Array(link.utf8), rel: nil) } }

  // MARK: - Links

  private func note(_ reference: [UInt8], rel: String?) {
    // Malformed and repeated links cost time, so their number is limited to ten times as many.
    guard references.count < 10 * limits.links else {
      page.isComplete = false
      return
    }
    let isNofollow =
      rel.map { $0.lowercased().split(whereSeparator: \.isWhitespace).contains("nofollow") } ?? false
    references.append((reference, isNofollow))
  }

  /// Ignores a base that is not an `http` or `https` URL.
  private func baseURL(in document: HTTPURL?) -> HTTPURL? {
    guard let baseReference, let document, let base = try? document.resolving(inTextOf(baseReference)),
      let text = base.link, text.utf8.count <= limits.linkLength
    else { return document }
    page.base = text
    return base
  }

  private func add(_ reference: [UInt8], _ isNofollow: Bool, at base: HTTPURL?) {
    let reference = inTextOf(reference)
    // A fragment alone is this page; `mailto:` and `javascript:` do not count as malformed.
    guard reference.first != UInt8(ascii: "#"), Self.mayBeHTTP(reference) else { return }
    guard reference.count <= limits.linkLength, let url = Self.resolve(reference, at: base)?.link,
      url.utf8.count <= limits.linkLength
    else {
      page.malformedLinks += 1
      return
    }
    if let place = places[url] {
      if !isNofollow { page.allLinks[place].isNofollow = false }
    } else {
      places[url] = page.allLinks.count
      page.allLinks.append(.init(url: url, isNofollow: isNofollow))
    }
  }

  private static func resolve(_ reference: [UInt8], at base: HTTPURL?) -> HTTPURL? {
    guard let base else { return try? HTTPURL.parse(String(decoding: reference, as: UTF8.self)) }
    return try? base.resolving(reference)
  }

  /// The reference with its query in the page's character set, without the blanks at both ends and the tabs and line
  /// ends inside, which the URL standard drops.
  private func inTextOf(_ reference: [UInt8]) -> [UInt8] {
    var reference = reference
    if reference.contains(where: { $0 <= 0x20 }) {
      reference.removeAll { $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
      reference.removeFirst(reference.prefix { $0 <= 0x20 }.count)
      while let last = reference.last, last <= 0x20 { reference.removeLast() }
    }
    guard let queries = text.queries, reference.contains(where: { $0 >= 0x80 }),
      let mark = reference.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }),
      reference[mark] == UInt8(ascii: "?")
    else { return reference }
    let end = reference[mark...].firstIndex(of: UInt8(ascii: "#")) ?? reference.endIndex
    let query = queries.encode(String(decoding: reference[(mark + 1)..<end], as: UTF8.self))
    return reference[...mark] + query + reference[end...]
  }

  /// Whether it is relative, or has an accepted scheme.
  private static func mayBeHTTP(_ reference: [UInt8]) -> Bool {
    guard let first = reference.first, first.isLetter,
      let end = reference.firstIndex(where: { !($0.isLetter || $0.isDigit || "+-.".utf8.contains($0)) }),
      reference[end] == UInt8(ascii: ":")
    else { return true }
    let scheme = String(decoding: reference[..<end].map(\.lowercased), as: UTF8.self)
    return scheme == "http" || scheme == "https"
  }
}
