import CAresLoad
import Glibc
import Measure

/// See CAresLoad.c.
@MainActor func cAres(_ port: Int) {
  let texts: [UnsafePointer<CChar>?] = names.map { UnsafePointer(strdup($0)) }
  start = .now
  let result = cares_load_run(texts, Int32(texts.count), Int32(inFlight), Int32(port), answered, nil)
  if result != 0 { fail("c-ares could not be set up, or a lookup failed") }
}

private func answered(_ context: UnsafeMutableRawPointer?, index: Int32, found: UInt32) -> Int32 {
  found == address(of: Int(index)) ? 1 : 0
}
