import SwirlDeferred
import SwirlReactor
import Testing

@Test func ordering() {
  let reactor = Reactor()
  var seen: [String] = []
  reactor.callLater(.milliseconds(20)) {
    seen.append("20")
    reactor.stop()
  }
  reactor.callLater(.milliseconds(10)) { seen.append("10") }
  reactor.callLater(.zero) {
    seen.append("0a"); reactor.callLater(.zero) { seen.append("0c") }
  }
  reactor.callLater(.zero) { seen.append("0b") }
  reactor.callSoon { seen.append("soon") }
  reactor.callWhenRunning { seen.append("running") }
  reactor.deferToThread { 5 }.addCallback { seen.append("thread \($0)") }
  reactor.run()
  #expect(seen == ["running", "soon", "0a", "0b", "0c", "thread 5", "10", "20"])
}
