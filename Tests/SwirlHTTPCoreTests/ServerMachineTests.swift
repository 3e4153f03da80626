import HTTPTypes
import Testing

@testable import SwirlHTTPCore

private func get(_ path: String = "/", _ fields: String = "") -> String {
  "GET \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
}

private func post(_ length: Int, _ fields: String = "") -> String {
  "POST / HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: \(length)\r\n\r\n"
}

private let upgrade = "Connection: upgrade\r\nUpgrade: x\r\n"

/// Transitions that other servers got wrong, and common ones. Without a transport.
@Suite struct ServerMachineTests {
  @Test func `a request is answered, and the connection stays`() {
    var owner = ServerMachineOwner()
    #expect(owner.armed == .head)
    owner.read(get())
    let said = owner.take()
    #expect(said == ["request 0"] && owner.armed == .answer)
    owner.answer(0)
    let then = owner.take()
    #expect(then == ["respond", "200 contentLength(1)", "flush"] && owner.armed == .idle)
    owner.read(get())
    let last = owner.take()
    #expect(last == ["request 1"])
  }

  // MARK: - Pipelining

  @Test func `a request behind Connection close is not served, RFC 9112 9.6`() {
    var owner = ServerMachineOwner()
    owner.read(get("/1", "Connection: close\r\n") + get("/2"))
    owner.answer(0)
    let said = owner.take()
    #expect(said == ["request 0", "respond", "200 contentLength(1), close", "flush", "linger"])
  }

  @Test func `nor is one behind an answer that closes, though its handler was called, RFC 9112 9.6`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 3 }
    owner.read(get("/1") + get("/2") + get("/3"))
    owner.answer(1)
    owner.answer(0, closes: true)
    #expect(owner.statuses == [200])
    #expect(owner.cancelled == [1, 2])
    #expect(owner.machine.output == .lingering)
  }

  @Test func `answers go out in the order of their requests, RFC 9112 9_3_2`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 3 }
    owner.read(get("/1") + get("/2") + get("/3"))
    owner.answer(2, 202)
    owner.answer(1, 201)
    #expect(owner.statuses == [])
    owner.answer(0)
    #expect(owner.statuses == [200, 201, 202])
  }

  @Test func `a client that leaves cancels every request under way, once`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 3 }
    owner.read(get("/1") + get("/2") + get("/3") + get("/4"))
    let staysOpen = owner.endOfInput()
    #expect(!staysOpen)
    #expect(owner.cancelled == [0, 1, 2])
    owner.lose()
    owner.answer(0)
    #expect(owner.cancelled == [0, 1, 2] && owner.statuses == [])
  }

  @Test func `a handler that is late costs its own answer, not the connection`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 2 }
    owner.read(get("/1") + get("/2"))
    owner.timeOut(isHandlerLate: true)
    #expect(owner.statuses == [503] && owner.waiting == [1])
    owner.answer(1)
    #expect(owner.statuses == [503, 200] && owner.armed == .idle)
  }

  @Test func `a malformed request is answered after those before it`() {
    var owner = ServerMachineOwner()
    owner.read(get() + "NONSENSE\r\n\r\n")
    owner.answer(0)
    #expect(owner.statuses == [200, 400])
    #expect(owner.machine.output == .lingering)
  }

  @Test func `reading stops at the bound and resumes when there is room`() {
    var owner = ServerMachineOwner { $0.pipelineBytes = 100 }
    owner.read(String(repeating: get(), count: 10))
    #expect(owner.isReadingPaused)
    for number in 0..<10 { owner.answer(number) }
    #expect(!owner.isReadingPaused && owner.statuses.count == 10)
  }

  // MARK: - 100 Continue

  @Test func `a 100 is sent when the client waits for it, and once, RFC 9110 10_1_1`() {
    var owner = ServerMachineOwner()
    owner.read(post(2, "Expect: 100-continue\r\n"))
    let said = owner.take()
    #expect(said == ["head", "sendContinue", "flush"])
    owner.read("a")
    owner.read("b")
    let then = owner.take()
    #expect(then == ["request 0"])
  }

  @Test func `no 100 to a client that has sent its content`() {
    var owner = ServerMachineOwner()
    owner.read(post(2, "Expect: 100-continue\r\n") + "a")
    let said = owner.take()
    #expect(said == ["head"])
  }

  @Test func `a 100 waits for the answers before it`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 2 }
    owner.read(get() + post(2, "Expect: 100-continue\r\n"))
    #expect(owner.statuses == [])
    owner.answer(0)
    #expect(owner.statuses == [200, 100])
  }

  @Test func `an answer in the place of the 100 closes, since the content may come or not`() {
    var owner = ServerMachineOwner()
    owner.declines = true
    owner.read(post(2, "Expect: 100-continue\r\n"))
    let said = owner.take()
    #expect(said == ["head", "respond", "403 contentLength(1), close", "flush", "linger"])
  }

  @Test func `content that is too long is refused in the place of a 100`() {
    var owner = ServerMachineOwner()
    owner.read(post(1001, "Expect: 100-continue\r\n"))
    let said = owner.take()
    #expect(said.prefix(2) == ["head", "refuse malformed"])
    #expect(owner.machine.failure?.status == 413)
  }

  @Test func `another expectation is 417 before the content comes`() {
    for isStreamed in [false, true] {
      var owner = ServerMachineOwner { $0.streamsContent = isStreamed }
      owner.read(post(2, "Expect: miracles\r\n"))
      let said = owner.take()
      #expect(said.first == "refuse expectation")
      #expect(owner.machine.output == .lingering)
    }
  }

  @Test func `a 1_0 client gets no 100, RFC 9110 10_1_1`() {
    var owner = ServerMachineOwner()
    owner.read("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    let said = owner.take()
    #expect(said == ["head"])
  }

  // MARK: - Upgrades

  @Test(arguments: [
    get("/", upgrade), "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "CONNECT a:1 HTTP/1.0\r\nHost: a:1\r\n\r\n",
    get("/", "Connection: close, upgrade\r\nUpgrade: x\r\n"),
  ])
  func `bytes behind the request reach the next protocol, however late the answer`(_ request: String) {
    var owner = ServerMachineOwner()
    owner.read(request + "first")
    owner.read("second")
    owner.answer(0, request.hasPrefix("CONNECT") ? 200 : 101, .upgrade, length: nil)
    let said = owner.take()
    #expect(said.suffix(3) == ["respond", "flush", "handOver"])
    #expect(owner.unread == Array("firstsecond".utf8))
    #expect(owner.armed == nil)
  }

  @Test func `a declined upgrade serves the requests behind it`() {
    var owner = ServerMachineOwner()
    owner.read(get("/1", upgrade) + get("/2"))
    #expect(owner.waiting == [0])
    owner.answer(0, 400)
    #expect(owner.waiting == [1])
  }

  @Test func `an upgrade in a burst of requests is decided in its turn, and leaves reading on`() {
    var owner = ServerMachineOwner { $0.pipelineBytes = 200 }
    owner.read(String(repeating: get(), count: 8) + get("/", upgrade) + String(repeating: "f", count: 300))
    for number in 0..<8 { owner.answer(number) }
    #expect(owner.waiting == [8] && owner.isReadingPaused)
    owner.answer(8, 101, .upgrade, length: nil)
    // The owner resumes reading with the hand-over.
    let said = owner.take()
    #expect(said.last == "handOver")
    #expect(owner.unread.count == 300)
  }

  @Test func `only the request that offers an upgrade is answered with one`() {
    var owner = ServerMachineOwner { $0.pipelineDepth = 2 }
    owner.read(get("/1") + get("/2", upgrade))
    owner.answer(0, 101, .upgrade, length: nil)
    #expect(owner.statuses == [500] && owner.waiting == [1])
    owner.answer(1, 101, .upgrade, length: nil)
    #expect(owner.machine.output == .over)
  }

  @Test func `success without a tunnel does not answer CONNECT, RFC 9110 9_3_6`() {
    var owner = ServerMachineOwner()
    owner.read("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    owner.answer(0)
    let said = owner.take()
    #expect(said.contains { $0.hasPrefix("unsendable: success") })
    #expect(owner.statuses == [500] && owner.machine.output == .open)
  }

  @Test(arguments: [ResponseFacts.Kind.whole, .streamed]) func `a 1xx is no answer`(_ kind: ResponseFacts.Kind) {
    var owner = ServerMachineOwner()
    owner.read(get())
    owner.answer(0, 103, kind)
    #expect(owner.statuses == [500])
  }

  // MARK: - Half-closed clients

  @Test func `a client that has closed its direction is answered where that is wanted, with all it has asked`() {
    var owner = ServerMachineOwner { $0.answersHalfClosedClients = true }
    owner.read(get("/1") + get("/2") + "GET /thr")
    let staysOpen = owner.endOfInput()
    #expect(staysOpen)
    owner.answer(0)
    owner.answer(1)
    #expect(owner.statuses == [200, 200] && owner.cancelled == [])
    // It cannot send any more: nothing to linger for.
    let said = owner.take()
    #expect(said.last == "close")
  }

  @Test(arguments: ["", "GET / HT", post(2) + "a"]) func `one that closes before its request is whole is not answered`(
    _ sent: String
  ) {
    var owner = ServerMachineOwner { $0.answersHalfClosedClients = true }
    owner.read(sent)
    let staysOpen = owner.endOfInput()
    #expect(!staysOpen)
    #expect(owner.statuses == [] && owner.machine.output == .closing)
  }

  @Test func `a streamed request whose client closes its direction fails`() {
    var owner = ServerMachineOwner {
      $0.streamsContent = true
      $0.answersHalfClosedClients = true
    }
    owner.read(post(5) + "ab")
    let staysOpen = owner.endOfInput()
    #expect(!staysOpen)
    #expect(owner.cancelled == [0])
  }
}
