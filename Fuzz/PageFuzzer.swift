import HTTPTypes
import SwirlHTML

/// Any bytes are a page and a robots.txt. Checks that every link is a normalized URL, that the limits hold, and that
/// the result is deterministic.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPage(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count >= 2 else { return 0 }
  let charsets = [nil, "utf-8", "iso-8859-1", "utf-16", "shift_jis", "nonsense", "gbk", "windows-1251"]
  let charset = charsets[Int(start[0]) % charsets.count]
  let bytes = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
  var limits = HTMLPage.Limits()
  limits.links = 5
  limits.linkLength = 100
  limits.titleLength = 20
  let page = HTMLPage(bytes, url: "http://h/a/b?c#d", charset: charset, limits: limits)
  check(page.links.count <= 5 && (page.title?.count ?? 0) <= 20, "beyond the limits")
  for link in page.links { check(normalizeURL(link) == link && link.utf8.count <= 100, "no link: \(link)") }
  check(Set(page.links).count == page.links.count, "a link twice")
  let again = HTMLPage(bytes, url: "http://h/a/b?c#d", charset: charset, limits: limits)
  check(again.links == page.links && again.title == page.title, "another page of the same bytes")

  // The same bytes as field values.
  var fields: HTTPFields = [:]
  for name in ["Content-Type", "Refresh", "X-Robots-Tag"] {
    fields.append(HTTPField(name: HTTPField.Name(name)!, value: String(decoding: bytes, as: UTF8.self)))
  }
  for link in HTMLPage(bytes, url: "http://h/", headers: fields, for: "fuzz").links {
    check(normalizeURL(link) == link, "no link: \(link)")
  }

  let rules = RobotsRules(bytes, for: "fuzz")
  check(rules.allows("http://h/robots.txt"), "robots.txt is refused")
  _ = rules.allows("http://h/a%2Fb?c=d&e*$")
  for link in page.links { _ = rules.allows(link) }
  return 0
}

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
