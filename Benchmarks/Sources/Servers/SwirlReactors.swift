import Measure
import Swirl

/// A handler that computes for about a millisecond, on several reactors: what matters is how many cores it uses.
@MainActor func swirlReactors(_ count: Int, _ distribution: HTTPServerGroup.Distribution) {
  ReactorGroup(count: count).listen(0, distribution: distribution) {
    var seed: UInt64 = 1
    return HTTPServer { _ in
      // xorshift, which no compiler shortens.
      for _ in 0..<400_000 {
        seed ^= seed << 13
        seed ^= seed >> 7
        seed ^= seed << 17
      }
      return .text("\(seed)")
    }
  }
  .addCallback { servers in listening(on: servers.port) }
  .addErrback { error in fail("\(error)") }
  reactor.run()
}
