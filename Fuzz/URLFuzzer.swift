// An input is lines. The first is a URL; each other line is a reference that is resolved against it, as a Location field is, and then
// takes its place when it leads somewhere.

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}

func read(_ text: String) -> HTTPURL? { try? HTTPURL(text) }

/// What goes into a request must be safe there: no line break and no space, which would end the part they are in.
func checkParts(_ url: HTTPURL, of text: String) {
  let target = Array(url.target.utf8)
  check(target.first == UInt8(ascii: "/"), "\(text.debugDescription): the target \(url.target.debugDescription)")
  check(target.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }, "\(text.debugDescription): \(target)")
  let host = Array(url.origin.host.utf8)
  check(!host.isEmpty, text.debugDescription)
  check(
    host.allSatisfy {
      $0 > 0x20 && $0 < 0x7F && !"@/?#\\%".utf8.contains($0) && !("A"..."Z").contains(Unicode.Scalar($0))
    },
    "\(text.debugDescription): the host \(url.origin.host.debugDescription)")
  check((1...65_535).contains(url.origin.port), "\(text.debugDescription): \(url.origin.port)")
  let path = url.target.prefix { $0 != "?" }
  check(!path.split(separator: "/").contains { $0 == "." || $0 == ".." }, "\(text.debugDescription): \(path)")
}

/// What was read is written and read again, and is the same; also after the beginning that is kept from the last one.
func roundTrip(_ url: HTTPURL, of text: String) -> String {
  let written = url.origin.prefix + url.target
  guard let again = read(written) else {
    fatalError("\(text.debugDescription): \(written.debugDescription) cannot be read")
  }
  check(again.origin == url.origin, "\(text.debugDescription): \(again.origin), not \(url.origin)")
  check(again.target == url.target, "\(text.debugDescription): \(again.target), not \(url.target)")
  do throws(HTTPURL.Malformed) {
    let short = try HTTPURL.target(of: written, after: Array(url.origin.prefix.utf8))
    check(short == url.target, "\(text.debugDescription): \(short ?? "nothing") after the prefix, not \(url.target)")
    if let target = try HTTPURL.target(of: text, after: Array(url.origin.prefix.utf8)) {
      check(target == url.target, "\(text.debugDescription): \(target) after the prefix, not \(url.target)")
    }
  } catch { fatalError("\(text.debugDescription): \(error.reason) after the prefix") }
  return written
}

/// Whether a reference names no other host, in whatever way it is read (RFC 3986 §4.2).
func staysAtHost(_ reference: String) -> Bool {
  let bytes = Array(reference.utf8)
  let end = bytes.firstIndex { "/?#".utf8.contains($0) } ?? bytes.count
  return !reference.utf8.starts(with: "//".utf8) && !bytes[..<end].contains(UInt8(ascii: ":"))
}

func checkReference(_ reference: String, _ base: String, _ origin: Origin) -> String? {
  let resolved = URLReference.resolve(reference, against: base)
  guard let url = read(resolved) else {
    check(!staysAtHost(reference), "\(reference.debugDescription) at \(base): \(resolved.debugDescription)")
    return nil
  }
  checkParts(url, of: resolved)
  let written = roundTrip(url, of: resolved)
  if staysAtHost(reference) {
    check(url.origin == origin, "\(reference.debugDescription) leads from \(base) to \(resolved.debugDescription)")
  }
  // What is whole already stays the same, wherever it is found.
  let again = URLReference.resolve(resolved, against: "http://elsewhere.test/a/b?c")
  guard let same = read(again) else { fatalError("\(resolved.debugDescription) again: \(again.debugDescription)") }
  check(
    same.origin == url.origin && same.target == url.target,
    "\(resolved.debugDescription) again: \(again.debugDescription)")
  return written
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  // Valid during the call; copied here.
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  // A byte that no text has stands for the end of a line, which could not stand in one otherwise.
  var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
    String(decoding: line.map { $0 == 0xFF ? 0x0A : $0 }, as: UTF8.self)
  }
  let first = lines.removeFirst()
  guard let url = read(first) else { return 0 }
  checkParts(url, of: first)
  var (base, origin) = (roundTrip(url, of: first), url.origin)
  for reference in lines {
    guard let next = checkReference(reference, base, origin), let url = read(next) else { continue }
    (base, origin) = (next, url.origin)
  }
  return 0
}
