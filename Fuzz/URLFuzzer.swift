@testable import SwirlHTTPCore

// An input consists of lines. The first is a URL. Each other line is a reference to resolve against it, like a Location
// field; a valid result replaces the URL.

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

func read(_ text: String) -> HTTPURL? { try? HTTPURL(text) }

/// Checks that the parts are safe in a request: no line break and no space, which would end the part.
func checkParts(_ url: HTTPURL, of text: String) {
  let target = Array(url.target.utf8)
  check(target.first == UInt8(ascii: "/"), "\(text.debugDescription): the target \(url.target.debugDescription)")
  check(target.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }, "\(text.debugDescription): \(target)")
  let host = Array(url.origin.host.utf8)
  check(!host.isEmpty, text.debugDescription)
  check(
    host.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"@/?#\\<>^|".utf8.contains($0) && !(0x41...0x5A).contains($0) }
      // Except for the zone of a link-local address.
      || host.first == UInt8(ascii: "["),
    "\(text.debugDescription): the host \(url.origin.host.debugDescription)")
  check(!IPv4Text.endsInNumber(host.span) || IPv4Text.canonical(host.span) == url.origin.host, text.debugDescription)
  check((1...65_535).contains(url.origin.port), "\(text.debugDescription): \(url.origin.port)")
  let path = url.target.prefix { $0 != "?" }
  check(!path.split(separator: "/").contains { $0 == "." || $0 == ".." }, "\(text.debugDescription): \(path)")
}

/// Checks that writing and parsing give the same URL, also by the fast path for a repeated origin.
func roundTrip(_ url: HTTPURL, of text: String) -> String {
  let written = url.origin.prefix + url.target
  guard let again = read(written) else {
    fatalError("\(text.debugDescription): \(written.debugDescription) cannot be read")
  }
  check(again.origin == url.origin, "\(text.debugDescription): \(again.origin), not \(url.origin)")
  check(again.target == url.target, "\(text.debugDescription): \(again.target), not \(url.target)")
  let prefix = Array(url.origin.prefix.utf8)
  // If the fast path has a result, it equals that of the parser.
  if let short = HTTPURL.target(of: written, after: prefix) {
    check(short == url.target, "\(text.debugDescription): \(short) after the prefix, not \(url.target)")
  }
  if let short = HTTPURL.target(of: text, after: prefix) {
    check(short == url.target, "\(text.debugDescription): \(short) after the prefix, not \(url.target)")
  }
  return written
}

/// Whether a reference cannot name another host: after removing what the URL standard drops, it has neither two slashes
/// of either kind at its beginning nor a colon before the first slash.
func staysAtHost(_ reference: String) -> Bool {
  let bytes = reference.utf8.filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }.drop { $0 <= 0x20 }
  func isSlash(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") }
  let end = bytes.firstIndex { "/\\?#".utf8.contains($0) } ?? bytes.endIndex
  return !(isSlash(bytes.first) && isSlash(bytes.dropFirst().first)) && !bytes[..<end].contains(UInt8(ascii: ":"))
}

func checkReference(_ reference: String, _ base: HTTPURL) -> HTTPURL? {
  guard let url = try? base.resolving(reference) else {
    check(!staysAtHost(reference), "\(reference.debugDescription) at \(base)")
    return nil
  }
  checkParts(url, of: reference)
  let written = roundTrip(url, of: reference)
  if staysAtHost(reference) {
    check(url.origin == base.origin, "\(reference.debugDescription) leads from \(base) to \(url)")
  }
  if let credentials = url.credentials, credentials.password.utf8.count > 8 {
    check(!url.textWithFragment.hasPrefix("http://\(credentials.user):"), "\(url)")
  }
  // An absolute URL resolves to itself against any base.
  guard let elsewhere = read("https://elsewhere.test/a/b?c"), let same = try? elsewhere.resolving(written) else {
    fatalError("\(written.debugDescription) again")
  }
  check(same.origin == url.origin && same.target == url.target, "\(written.debugDescription) again: \(same)")
  return url
}

/// libFuzzer calls this with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  // The pointer is valid during the call; copies the bytes.
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  // 0xFF, which is in no text, stands for a line feed within a line.
  var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
    String(decoding: line.map { $0 == 0xFF ? 0x0A : $0 }, as: UTF8.self)
  }
  let first = lines.removeFirst()
  guard var base = read(first) else { return 0 }
  checkParts(base, of: first)
  _ = roundTrip(base, of: first)
  for reference in lines { base = checkReference(reference, base) ?? base }
  return 0
}
