import Measure
import Swirl

func swirlChains(_ scale: Double) {
  measure("three callbacks, fired first", 500_000, scale: scale) { index in
    Deferred.succeed(index).addCallback { $0 &+ 1 }.addCallback { $0 &+ 1 }.addCallback { use($0) }
  }
  measure("four callbacks, fired last", 500_000, scale: scale) { index in
    let deferred = Deferred<Int>()
    deferred.addCallback { $0 &+ 1 }.addCallback { $0 &+ 1 }.addCallback { $0 &+ 1 }.addCallback { use($0) }
    deferred.callback(index)
  }
  measure("gather of ten", 100_000, scale: scale) { index in gather(10, index) }
  measure("gather of 100,000", 10, scale: scale) { index in gather(100_000, index) }
  measure("cancel", 500_000, scale: scale) { _ in
    let deferred = Deferred<Int>(canceller: { _ in })
    deferred.addErrback { _ in 0 }.addCallback { use($0) }
    deferred.cancel()
  }
}

private func gather(_ count: Int, _ value: Int) {
  let members = (0..<count).map { _ in Deferred<Int>() }
  gatherResults(members).addCallback { use($0) }
  for member in members { member.callback(value) }
}
