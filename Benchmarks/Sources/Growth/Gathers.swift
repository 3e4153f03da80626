import Measure
import Swirl

/// A fan-in of so many members: `gatherResults`, `DeferredList`, and one that is cancelled.
@MainActor func growingGathers(_ size: Int) {
  var gather = Phase("gatherResults"), list = Phase("DeferredList"), cancel = Phase("cancelled")
  for round in 0..<rounds(size) {
    let before = residentKiB("VmRSS")
    var members = gather.measure(0) {
      let members = (0..<size).map { _ in Deferred<Int>() }
      gatherResults(members).addCallback { use($0) }
      return members
    }
    if round == 0 { gather.note(size, heldSince: before) }
    gather.measure(size) {
      for (index, member) in members.enumerated() { member.callback(index) }
      members = []
    }
    list.measure(size) {
      let members = (0..<size).map { _ in Deferred<Int>() }
      DeferredList(members).addCallback { use($0) }
      for (index, member) in members.enumerated() { member.callback(index) }
    }
    cancel.measure(size) {
      let members = (0..<size).map { _ in Deferred<Int>() }
      let all = DeferredList(members, consumeErrors: true)
      all.addBoth { use($0) }
      all.cancel()
    }
  }
  for phase in [gather, list, cancel] { phase.send() }
}
