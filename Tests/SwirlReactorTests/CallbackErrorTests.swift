import SwirlDeferred
import SwirlReactor
import Testing

private struct Wrong: Error {}

@Suite struct CallbackErrorTests {
  private let reactor = Reactor(clock: .virtual())

  @Test func `the hook gets what callbacks throw, with their places`() throws {
    var errors: [CallbackError] = []
    reactor.onError = { errors.append($0) }
    let line = #line
    reactor.callSoon { throw Wrong() }
    reactor.callLater(.seconds(1)) { throw Wrong() }
    reactor.addSystemEventTrigger(.before, .shutdown) { Deferred<Void>.fail(Wrong()) }
    for _ in 0..<3 { reactor.iterate(.seconds(2)) }
    reactor.addLoopHook(.beforeWaiting) { [unowned reactor] in
      reactor.stop()
      throw Wrong()
    }
    reactor.run()
    #expect(errors.count >= 4 && errors.allSatisfy { $0.error is Wrong && $0.site != nil })
    #expect(errors.contains { $0.code == .callback && $0.site?.line == UInt(line + 1) })
    #expect(errors.contains { $0.code == .callback && $0.site?.line == UInt(line + 2) })
    #expect(errors.contains { $0.code == .trigger && $0.site?.line == UInt(line + 3) })
    let words = "the callback made at SwirlReactorTests/CallbackErrorTests.swift:\(line + 1) threw: Wrong()"
    #expect("\(errors[0])" == words)
  }

  @Test func `an error in the hook's own calls comes to it, too`() {
    var count = 0
    reactor.onError = { [unowned reactor] _ in
      count += 1
      if count < 3 { reactor.callSoon { throw Wrong() } }
    }
    reactor.callSoon { throw Wrong() }
    for _ in 0..<5 { reactor.iterate() }
    #expect(count == 3)
  }
}
