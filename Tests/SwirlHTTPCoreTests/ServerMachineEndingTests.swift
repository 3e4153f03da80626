import HTTPTypes
import Testing

@testable import SwirlHTTPCore

private func get() -> String {
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
}

private func post(_ length: Int) -> String {
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n"
}

/// Streamed content, the ends of a connection, and timeouts, without a transport.
@Suite struct ServerMachineEndingTests {
  private func streamed() -> ServerMachineOwner { ServerMachineOwner { $0.streamsContent = true } }

  // MARK: - Streamed content

  @Test func `content that is there already costs its request no connection`() {
    var owner = streamed()
    owner.read(post(5))
    owner.read("hello")
    let said = owner.take()
    #expect(said == ["head", "streamedRequest 0", "contentEnded"])
    owner.answer(0)
    #expect(owner.machine.state == .idle)
  }

  @Test func `an answer before the content is whole closes, RFC 9112 9_3`() {
    var owner = streamed()
    owner.read(post(5) + "he")
    _ = owner.take()
    owner.answer(0)
    let said = owner.take()
    #expect(said == ["respond", "200 contentLength(1), close", "dropContent", "flush", "linger"])
  }

  @Test func `an answer may be written while the content comes, and the connection stays`() {
    var owner = streamed()
    owner.read(post(5) + "he")
    owner.answer(0, 200, .streamed, length: nil)
    owner.read("llo")
    #expect(owner.machine.state == .answer)
    owner.endAnswer()
    #expect(owner.machine.state == .idle && owner.statuses == [200])
  }

  @Test func `content that fails is the answer, unless that is being sent`() {
    var owner = streamed()
    owner.read("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
    var other = owner
    owner.read("xyz\r\n")
    let said = owner.take()
    #expect(said.contains("failContent malformed, answered") && owner.statuses == [400])
    other.answer(0, 200, .streamed, length: nil)
    other.read("xyz\r\n")
    let then = other.take()
    #expect(then.contains("failContent malformed") && other.statuses == [200])
    other.endAnswer()
    #expect(other.machine.output == .lingering)
  }

  @Test func `a handler that takes no more makes the client wait, within the time of its answer`() {
    var owner = streamed()
    owner.read(post(500) + "a")
    #expect(owner.armed == .content)
    owner.on { $0.pauseContent() }
    #expect(owner.armed == .answer)
    owner.read("b")
    #expect(owner.content == Array("a".utf8))
    owner.on { $0.resumeContent() }
    #expect(owner.content == Array("ab".utf8) && owner.armed == .content)
  }

  @Test func `content that the handler has abandoned is dropped to a bound`() {
    var owner = ServerMachineOwner {
      $0.streamsContent = true
      $0.lingerBytes = 10
    }
    owner.read(post(500))
    owner.on { $0.abandonContent() }
    owner.read(String(repeating: "x", count: 10))
    // The handler has the time, which reads no more, and not the client.
    #expect(owner.machine.state == .answer && !owner.machine.content.isPaused)
    owner.read("x")
    #expect(owner.machine.content.isPaused && owner.content == [])
  }

  // MARK: - The end

  @Test func `bytes behind the last answer are dropped, to a bound`() {
    // Those of the error are dropped too.
    var owner = ServerMachineOwner { $0.lingerBytes = 22 }
    owner.read("NONSENSE\r\n\r\n")
    #expect(owner.machine.output == .lingering)
    owner.read("1234567890")
    #expect(owner.machine.output == .lingering)
    owner.read("1")
    let said = owner.take()
    #expect(said.last == "close")
  }

  @Test func `a server that stops closes an idle connection, and another one with its answer`() {
    var owner = ServerMachineOwner()
    owner.read(get())
    owner.on { $0.drain() }
    #expect(owner.waiting == [0])
    owner.answer(0)
    let said = owner.take()
    #expect(said.suffix(3) == ["200 contentLength(1), close", "flush", "close"])
    var idle = ServerMachineOwner()
    idle.on { $0.drain() }
    let then = idle.take()
    #expect(then == ["close"])
  }

  @Test func `a server that stops soon waits for one more request, whose answer is the last`() {
    var owner = ServerMachineOwner()
    owner.on { $0.drainAfterRequest() }
    let before = owner.take()
    #expect(before.last != "close")
    owner.read(get())
    owner.answer(0)
    let said = owner.take()
    #expect(said.suffix(3) == ["200 contentLength(1), close", "flush", "close"])
    var streaming = ServerMachineOwner()
    streaming.read(get())
    streaming.answer(0, 200, .streamed, length: nil)
    streaming.on { $0.drainAfterRequest() }
    streaming.endAnswer()
    let open = streaming.take()
    #expect(open.last != "close")
    streaming.on { $0.drain() }
    let then = streaming.take()
    #expect(then == ["close"])
  }

  @Test func `a server that stops closes a connection behind an answer whose head is sent`() {
    var owner = ServerMachineOwner()
    owner.read(get())
    owner.answer(0, 200, .streamed, length: nil)
    owner.on { $0.drain() }
    let before = owner.take()
    #expect(before.last != "close")
    owner.endAnswer()
    let said = owner.take()
    #expect(said.last == "close")
  }

  @Test func `an abort comes before everything that waits`() {
    var owner = ServerMachineOwner()
    owner.read(get())
    owner.on {
      $0.answered(0, bytes: 1)
      $0.abort()
    }
    let said = owner.take()
    #expect(said == ["request 0", "abort"])
    owner.lose()
    #expect(owner.cancelled == [0] && owner.armed == nil)
  }

  // MARK: - Time

  /// What is sent first, which limit runs then, and what follows when it passes.
  @Test(
    arguments: [
      ("", .head, ["close"]),
      (get(), .answer, []),
      ("GET / HT", .head, ["refuse headTimeout", "respond", "400 contentLength(1), close", "flush", "linger"]),
      (
        post(5) + "a", .content, ["refuse contentTimeout", "respond", "400 contentLength(1), close", "flush", "linger"]
      ),
    ] as [(String, ServerTimeLimit, [String])])
  func `each limit has its end`(_ sent: String, _ limit: ServerTimeLimit, _ expected: [String]) {
    var owner = ServerMachineOwner()
    owner.read(sent)
    #expect(owner.armed == limit)
    _ = owner.take()
    owner.timeOut()
    let said = owner.take()
    #expect(said == expected)
  }

  @Test func `an idle client that still takes the last answer has the time of an answer for it`() {
    var owner = ServerMachineOwner()
    owner.read(get())
    owner.answer(0)
    owner.timeOut(isUnsent: true)
    #expect(owner.armed == .answer)
    var slow = owner
    slow.timeOut(isUnsent: true)
    let said = slow.take()
    #expect(said.last == "abort")
    owner.timeOut(isUnsent: true, isTaking: true)
    #expect(owner.armed == .answer)
    owner.on { $0.outputSent() }
    #expect(owner.armed == .idle)
  }
}
