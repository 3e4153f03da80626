import HTTPTypes
@testable import SwirlHTTPCore

// An input consists of lines. A line that begins with `http` is the URL for the lines after it; every other line is a
// Set-Cookie field.

let hosts = [
  "example.com", "www.example.com", "a.www.example.com", "example.org", "evilexample.com", "com", "co.uk", "x.co.uk",
  "example.com.", "127.0.0.1", "x.127.0.0.1", "[::1]", "localhost",
]

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

/// A jar whose clock stands still.
func jar(at now: Int = 1_700_000_000) -> CookieJar {
  CookieJar(now: { now })
}

/// Checks that a jar holds no forbidden cookie, whatever its source.
func checkContents(_ jar: CookieJar, _ source: String) {
  for cookie in jar.cookies {
    check(cookie.problem == nil, "\(source): \(cookie): \(cookie.problem ?? "")")
    for pair in [Array(cookie.pair.utf8), cookie.pairBytes] {
      check(!pair.contains { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F || $0 == UInt8(ascii: ";") }, "\(cookie)")
    }
    check(String(decoding: cookie.pairBytes, as: UTF8.self) == cookie.pair, "\(source): \(cookie) is another")
    check(
      cookie.expires.map { $0 > 1_700_000_000 && $0 <= 1_700_000_000 + 400 * 86_400 } ?? true, "\(source): \(cookie)")
  }
}

/// Checks that a cookie is sent only to the host that set it, or to a parent domain that is not a public suffix.
func checkScope(_ jar: CookieJar, after url: String, knowing before: Set<Cookie>) {
  guard let host = try? HTTPURL(url).origin.host else {
    check(Set(jar.cookies) == before, "stored from \(url)")
    return
  }
  for cookie in jar.cookies where !before.contains(cookie) {
    check(host == cookie.domain || !cookie.isHostOnly && host.hasSuffix(".\(cookie.domain)"), "\(host) set \(cookie)")
    check(cookie.isHostOnly || !PublicSuffixes.contains(cookie.domain), "for strangers: \(cookie)")
  }
}

func checkSending(_ jar: CookieJar, to host: String, extra: String) {
  for scheme in ["http", "https"] {
    let sent = jar.cookieHeader(for: "\(scheme)://\(host)/\(extra)")
    let isSecure = scheme == "https" || ["localhost", "127.0.0.1", "[::1]"].contains(host)
    let wanted = jar.cookies.filter {
      (host == $0.domain || !$0.isHostOnly && host.hasSuffix(".\($0.domain)")) && (isSecure || !$0.isSecure)
    }
    guard let sent else { continue }
    check(!wanted.isEmpty, "\(host) gets \(sent)")
    check(
      wanted.map(\.pair.utf8.count).reduce(0, +) + 2 * wanted.count >= sent.utf8.count, "\(host) gets more: \(sent)")
  }
}

/// Checks that writing and reading give the same cookies.
func roundTrip(_ jar: CookieJar) {
  func again(_ load: (CookieJar) throws(CookieError) -> Void) -> CookieJar {
    let again = CookieJar(now: jar.now)
    again.onRefused = { fatalError("\($1): \($0)") }
    do { try load(again) } catch { fatalError("\(error)") }
    return again
  }
  let json = jar.json
  check(again { jar throws(CookieError) in try jar.add(json: json) }.cookies == jar.cookies, json)
  let text = jar.netscapeText
  let bytes = jar.netscapeBytes
  let read = again { jar throws(CookieError) in try jar.add(netscape: bytes) }
  check(read.netscapeBytes == bytes, text)
  check(read.cookies.map(\.expires) == jar.cookies.map(\.expires), text)
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  // The pointer is valid during the call; copies the bytes.
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let text = String(decoding: bytes, as: UTF8.self)
  let stored = jar()
  var url = "https://www.example.com/a/b"
  for line in bytes.split(separator: 0x0A) {
    // 0xFF, which is in no text, stands for a line feed within a line.
    let field = line.map { $0 == 0xFF ? 0x0A : $0 }
    if field.starts(with: "http".utf8) {
      url = String(decoding: field, as: UTF8.self)
    } else {
      let before = Set(stored.cookies)
      stored.store(setCookie: field, from: url)
      checkScope(stored, after: url, knowing: before)
    }
    _ = stored.cookieHeader(for: url, isSameSite: false, method: .post)
  }
  checkContents(stored, "store")
  for host in hosts { checkSending(stored, to: host, extra: "a/b/c") }
  roundTrip(stored)

  for load in [{ try $0.add(netscape: bytes) }, { try $0.add(json: text) }] as [(CookieJar) throws -> Void] {
    let loaded = jar()
    do { try load(loaded) } catch { check(loaded.isEmpty, "an error, and cookies: \(error)") }
    checkContents(loaded, "load")
    for host in hosts { checkSending(loaded, to: host, extra: "") }
    roundTrip(loaded)
  }
  return 0
}
