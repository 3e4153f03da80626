import SwirlDeferred
import Testing

@Suite(.reported) struct DeferredDescriptionTests {
  @Test func itTellsTheStateTheTypeAndThePlace() {
    let line = #line + 1
    let unfired = Deferred<Int>()
    let place = "SwirlDeferredTests/Deferred+DescriptionTests.swift:\(line)"
    #expect("\(unfired)" == "<Deferred<Int> unfired, made at \(place)>")
    let failed = Deferred<String>.fail(Boom())
    #expect("\(failed)".hasPrefix("<Deferred<String> failure: boom, made at SwirlDeferredTests/"))
    failed.addErrback { _ in "" }
    unfired.callback(4)
    #expect("\(unfired)".hasPrefix("<Deferred<Int> result: 4, made at "))
  }

  @Test func itTellsWhatAStageWaitsFor() {
    let line = #line + 1
    let inner = Deferred<Int>()
    let source = Deferred<String>()
    let stage = source.addCallback { _ in inner }
    let file = "SwirlDeferredTests/Deferred+DescriptionTests.swift"
    #expect(
      "\(stage)" == """
        <Deferred<Int> waiting for <Deferred<String> unfired, made at \(file):\(line + 1)>, made at \(file):\(line + 2)>
        """)
    source.callback("go")
    #expect(
      "\(stage)" == """
        <Deferred<Int> waiting for <Deferred<Int> unfired, made at \(file):\(line)>, made at \(file):\(line + 2)>
        """)
    inner.callback(4)
    #expect("\(stage)" == "<Deferred<Int> result: 4, made at \(file):\(line + 2)>")
  }

  @Test func itTellsThatItIsPausedRunsOrGathers() {
    let source = Deferred<Int>()
    let stage = source.addCallback { $0 }
    var words = ""
    let seen = stage.addCallback { _ in words = "\(stage)" }
    stage.pause()
    source.callback(1)
    #expect("\(stage)".hasPrefix("<Deferred<Int> result: 1, paused, made at "))
    stage.unpause()
    #expect(words.hasPrefix("<Deferred<Int> result: 1, made at ") && seen.isFired)
    weak var running: Deferred<Void>?
    let other = Deferred<Void>()
    let itself = other.addCallback { words = running.map { "\($0)" } ?? "" }
    running = itself
    other.callback()
    #expect(words.hasPrefix("<Deferred<()> running its callback, made at "))
    let members = [Deferred<Int>(), Deferred<Int>()]
    let all: Deferred = gatherResults(members)
    members[0].callback(1)
    #expect("\(all)".hasPrefix("<Deferred<Array<Int>> unfired, waiting for 1 members, made at "))
    withExtendedLifetime(members) {}
  }

  @Test func aLongChainIsCut() {
    let source = Deferred<Int>()
    var last: Deferred<Int> = source
    for _ in 0..<100_000 { last = last.addCallback { $0 + 1 } }
    let words = "\(last)"
    #expect(words.contains("waiting for …") && words.utf8.count < 2000)
    source.callback(0)
  }
}
