import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// Lets the transport read into the protocol's own buffer, while it has room.
private final class DirectReader: StreamProtocol {
  var room: Int
  var direct: [UInt8] = []
  var other: [UInt8] = []
  var onRead: () -> Void = {}
  var onLost: (ConnectionEnd) -> Void = { _ in }
  init(room: Int) { self.room = room }

  func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
    let chunk = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
      var span = OutputSpan(buffer: buffer, initializedCount: 0)
      read(&span)
      count = span.finalize(for: buffer)
    }
    direct += chunk
    room -= chunk.count
    // Protocol code may change errno at any time.
    errno = EPERM
    onRead()
    return true
  }
  func dataReceived(_ bytes: Span<UInt8>) { other.append(bytes) }
  func connectionLost(_ end: ConnectionEnd) {
    onLost(end)
    // The closures of a test may capture this: break the cycle.
    (onRead, onLost) = ({}, { _ in })
  }
}

@Suite struct SocketTransportReadingTests {
  @Test func `Bytes go to the protocol's own place while it has room, and then to dataReceived`() {
    withReactor { reactor in
      let reader = DirectReader(room: 4)
      reader.onLost = {
        #expect($0.code == .closed)
        reactor.stop()
      }
      let (_, far) = reactor.startPair(reader)
      far.send("abcdefgh")
      far.closeWrite()
      return {
        #expect(reader.direct == Array("abcd".utf8))
        #expect(reader.other == Array("efgh".utf8))
      }
    }
  }

  @Test func `A socket that is empty is not mistaken for a broken one, whatever the protocol does to errno`() {
    withReactor { reactor in
      let reader = DirectReader(room: 4)
      var end: ConnectionEnd?
      reader.onLost = { end = $0 }
      let (_, far) = reactor.startPair(reader)
      // The buffer is filled completely, so there is another read, which gets EAGAIN.
      far.send("abcd")
      reader.onRead = { if reader.room == 0 { reader.room = 4 } }
      reactor.callLater(.milliseconds(10)) {
        #expect(end == nil)
        reactor.stop()
      }
      return { withExtendedLifetime(far) {} }
    }
  }

  @Test func `readDirectly may close the connection`() {
    withReactor { reactor in
      let reader = DirectReader(room: 1000)
      let (transport, far) = reactor.startPair(reader)
      reader.onRead = { transport.abort() }
      reader.onLost = {
        #expect($0.code == .aborted)
        reactor.stop()
      }
      far.send("abc")
      far.close()
      return {}
    }
  }

  @Test func `pauseReading inside dataReceived stops at once; resumeReading delivers the rest`() {
    withReactor { reactor in
      var calls = 0
      let recorder = Recorder {
        $0.onData = { recorder in
          calls += 1
          if recorder.bytes.count == 200_000 { reactor.stop() }
          guard calls == 1, let transport = recorder.transport else { return }
          transport.pauseReading()
          reactor.callLater(.milliseconds(10)) {
            #expect(calls == 1)
            transport.resumeReading()
          }
        }
      }
      let (_, far) = reactor.startPair(recorder)
      far.send([UInt8](repeating: 1, count: 200_000))
      return { withExtendedLifetime(far) {} }
    }
  }

  @Test(arguments: [true, false])
  func `Only a protocol that sends what it receives gets more than 64 KiB in one piece`(isEcho: Bool) {
    withReactor { reactor in
      var pieces: [Int] = []
      let total = 600_000
      let recorder = Recorder {
        $0.onData = { recorder in
          let start = pieces.reduce(0, +)
          pieces.append(recorder.bytes.count - start)
          if isEcho { recorder.transport?.write(Array(recorder.bytes[start...])) }
          if recorder.bytes.count == total { reactor.stop() }
        }
      }
      let (_, far) = reactor.startPair(recorder)
      far.send((0..<total).map { UInt8(truncatingIfNeeded: $0 / 251) })
      return {
        withExtendedLifetime(far) {}
        #expect(recorder.bytes == (0..<total).map { UInt8(truncatingIfNeeded: $0 / 251) })
        #expect(pieces.first == 64 * 1024)
        #expect(pieces.contains { $0 > 64 * 1024 } == isEcho && pieces.allSatisfy { $0 <= 192 * 1024 })
      }
    }
  }

  @Test(arguments: ["end", "reset"])
  func `While reading is paused the end of the other side keeps the loop asleep`(how: String) {
    withReactor(clock: .system) { reactor in
      let recorder = Recorder {
        $0.onMade = { $0.pauseReading() }
        $0.onLost = { _ in reactor.stop() }
      }
      let (transport, far) = reactor.startPair(recorder)
      if how == "end" { far.close() } else { far.reset() }
      var start = 0
      reactor.callWhenRunning { start = threadMilliseconds() }
      reactor.callLater(.milliseconds(200)) {
        #expect(threadMilliseconds() - start < 100)
        #expect(recorder.events == ["made"])
        transport.resumeReading()
      }
      return {
        #expect(recorder.events == (how == "end" ? ["made", "end", "lost"] : ["made", "lost"]))
      }
    }
  }

  @Test func `After the peer's EOF the loop sleeps while our direction stays open`() {
    withReactor(clock: .system) { reactor in
      let recorder = Recorder { $0.goesOnSending = true }
      let (_, far) = reactor.startPair(recorder)
      far.closeWrite()
      var start = 0
      reactor.callWhenRunning { start = threadMilliseconds() }
      reactor.callLater(.milliseconds(200)) {
        #expect(threadMilliseconds() - start < 100)
        #expect(recorder.events == ["made", "end"])
        reactor.stop()
      }
      return { withExtendedLifetime(far) {} }
    }
  }

  @Test func `A protocol set in dataReceived gets what comes after, and without one nothing is read`() {
    withReactor(clock: .system) { reactor in
      let second = Recorder()
      let first = Recorder { $0.onData = { $0.transport?.streamProtocol = nil } }
      let (transport, far) = reactor.startPair(first)
      far.send("one")
      var start = 0
      reactor.callLater(.milliseconds(20)) {
        far.send("two")
        start = threadMilliseconds()
      }
      reactor.callLater(.milliseconds(200)) {
        #expect(threadMilliseconds() - start < 100)
        #expect(first.text == "one")
        transport.streamProtocol = second
      }
      second.onData = { _ in far.close() }
      second.onLost = { _ in reactor.stop() }
      return {
        #expect(first.text == "one")
        #expect(second.text == "two")
        #expect(second.events == ["data", "end", "lost"])
      }
    }
  }
}
