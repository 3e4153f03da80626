import SwirlDeferred
import Testing

struct Boom: Error {}

@Test func chain() {
  var seen: [String] = []
  let d = Deferred<Int>()
  d.addCallback { $0 + 1 }.addCallback { seen.append("got \($0)") }.addErrback { seen.append("\($0)") }
  d.callback(41)
  #expect(seen == ["got 42"])
}

@Test func innerAndErrors() {
  var seen: [String] = []
  let d = Deferred<Int>(), e = Deferred<String>()
  d.addCallback { _ in e }.addCallback { throw seen.append($0) as Any as? Boom ?? Boom() }
    .addErrback { _ in seen.append("boom") }
  d.callback(1)
  #expect(seen == [])
  e.callback("x")
  #expect(seen == ["x", "boom"])
}

@Test func million() {
  let d = Deferred<Int>()
  var last = d
  for _ in 0..<1_000_000 { last = last.addCallback { .succeed($0 + 1) } }
  var got = 0
  last.addCallback { got = $0 }
  d.callback(0)
  #expect(got == 1_000_000)
}

@Test func millionPendingFreed() {
  do {
    let d = Deferred<Int>()
    var last = d
    for _ in 0..<1_000_000 { last = last.addCallback { .succeed($0 + 1) } }
  }
}

@Test func millionChained() {
  let first = Deferred<Int>()
  var last = first
  for _ in 0..<1_000_000 {
    let next = Deferred<Int>()
    last.chainDeferred(next)
    last = next
  }
  var got = 0
  last.addCallback { got = $0 }
  first.callback(7)
  #expect(got == 7)
}

@Test func lists() {
  let a = Deferred<Int>(), b = Deferred<Int>()
  var out = ""
  DeferredList([a, b]).addCallback { out = "\($0)" }
  gather(a, b).addCallback { x, y in out += " \(x + y)" }
  b.callback(2)
  a.callback(1)
  #expect(out == "[Swift.Result<Swift.Int, Swift.Error>.success(1), Swift.Result<Swift.Int, Swift.Error>.success(2)] 3")
}

@MainActor @Test func awaits() async throws {
  let d = Deferred<Int>()
  let e = Deferred { try await d.value + 1 }
  d.callback(1)
  #expect(try await e.value == 2)
  let never = Deferred<Int>()
  let t = Task { try await never.value }
  await Task.yield()
  t.cancel()
  await #expect(throws: CancelledError.self) { try await t.value }
}
