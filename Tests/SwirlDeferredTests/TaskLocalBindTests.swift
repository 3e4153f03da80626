import SwirlDeferred
import Testing

@Suite(.reported) struct TaskLocalBindTests {
  enum Context {
    @TaskLocal static var span = "none"
  }

  @Test func aCallbackRunsWithTheTaskLocalsOfWhoeverFiresIt() {
    var seen: [String] = []
    let d = Deferred<Int>()
    Context.$span.withValue("made") { d.addCallback { _ in seen.append(Context.span) } }
    Context.$span.withValue("fired") { d.callback(1) }
    #expect(seen == ["fired"])
  }

  @Test func aBoundCallbackRunsWithTheValueOfThePlaceWhereItWasBound() {
    var seen: [String] = []
    let d = Deferred<Int>()
    Context.$span.withValue("made") {
      d.addCallback(Context.$span.bind { seen.append("\($0) \(Context.span)") })
        .addCallback { seen.append(Context.span) }
    }
    // Bound without a value: it does not see the value of the code that fires it.
    d.addCallback(Context.$span.bind { (_: Int) in seen.append(Context.span) })
    Context.$span.withValue("fired") { d.callback(1) }
    #expect(seen == ["1 made", "fired", "none"])
    #expect(Context.span == "none")
  }

  @Test func whatABoundCallbackThrowsIsTheFailureOfItsStage() {
    var seen: [String] = []
    let d = Deferred<Int>()
    Context.$span.withValue("made") {
      d.addCallback(Context.$span.bind { (_: Int) throws -> Int in throw Boom(Context.span) })
        .addErrback(
          Context.$span.bind { error in
            seen.append("\(error) \(Context.span)")
            return 0
          })
    }
    d.callback(1)
    #expect(seen == ["made made"])
  }

  @Test func aBoundCallbackWithoutArgumentsKeepsTheValueToo() throws {
    let later = Context.$span.withValue("made") { Context.$span.bind { Context.span } }
    #expect(try Context.$span.withValue("fired") { try later() } == "made")
  }
}
