import Measure
import Swirl

/// A handler that computes for about a millisecond, on several reactors: what matters is how many cores it uses.
@MainActor func swirlReactors(_ count: Int, _ distribution: HTTPServerGroup.Distribution) {
  ReactorGroup(count: count).listen(0, distribution: distribution) {
    var seed: UInt64 = 1
    return HTTPServer { _ in
      for round in 0..<500_000 { seed = seed &* 6_364_136_223_846_793_005 &+ UInt64(round) }
      return .text("\(seed)")
    }
  }
  .addCallback { servers in listening(on: servers.port) }
  .addErrback { error in fail("\(error)") }
  reactor.run()
}
