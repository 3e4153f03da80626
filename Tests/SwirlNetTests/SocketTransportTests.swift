import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite struct SocketTransportTests {
  // MARK: - The end

  @Test func `The end is reported once, after everything else, in a later turn than close()`() {
    withReactor { reactor in
      let recorder = Recorder {
        $0.onMade = { transport in
          transport.write("bye")
          transport.close()
          transport.close()
        }
        $0.onLost = { _ in reactor.stop() }
      }
      let (transport, far) = reactor.startPair(recorder)
      #expect(recorder.events == ["made"])
      transport.close()
      return {
        #expect(recorder.events == ["made", "lost"])
        #expect(recorder.end?.code == .closed)
        #expect(far.receive() == .success("bye"))
        #expect(far.receive() == .success(""))
        #expect(transport.localAddress == nil)
      }
    }
  }

  @Test func `abort() in connectionMade reads nothing and is reported once, as aborted`() {
    withReactor { reactor in
      let recorder = Recorder {
        $0.onMade = { $0.abort() }
        $0.onLost = { _ in reactor.callSoon { reactor.stop() } }
      }
      let (_, far) = reactor.startPair(recorder)
      return {
        #expect(recorder.events == ["made", "lost"])
        #expect(recorder.end?.code == .aborted)
        #expect(far.receive() == .failure(Errno(number: ECONNRESET)))
      }
    }
  }

  @Test func `abort() after close() overtakes it`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, _) = reactor.startPair(recorder)
      transport.close()
      transport.abort()
      return { #expect(recorder.end?.code == .aborted) }
    }
  }

  @Test(arguments: ["abort", "close"])
  func `After abort() or close() inside dataReceived nothing more is delivered`(verb: String) {
    withReactor { reactor in
      var calls = 0
      let recorder = Recorder {
        $0.onData = { recorder in
          calls += 1
          if verb == "abort" { recorder.transport?.abort() } else { recorder.transport?.close() }
          recorder.transport?.resumeReading()
        }
        $0.onLost = { _ in reactor.callLater(.milliseconds(10)) { reactor.stop() } }
      }
      let (_, far) = reactor.startPair(recorder)
      far.send([UInt8](repeating: 1, count: 200_000))
      return {
        #expect(calls == 1)
        #expect(recorder.events == ["made", "data", "lost"])
        withExtendedLifetime(far) {}
      }
    }
  }

  @Test func `A connection that another one aborts in the same turn gets nothing more`() {
    withReactor { reactor in
      let first = Recorder(), second = Recorder()
      let (_, farOne) = reactor.startPair(first)
      let (_, farTwo) = reactor.startPair(second)
      first.onData = { _ in second.transport?.abort() }
      second.onData = { _ in first.transport?.abort() }
      first.onLost = { _ in reactor.callLater(.milliseconds(5)) { reactor.stop() } }
      second.onLost = first.onLost
      farOne.send("x")
      farTwo.send("x")
      return {
        // The kernel decides which of the two comes first.
        #expect([first.events, second.events].contains(["made", "lost"]))
        #expect([first.events, second.events].contains(["made", "data"]))
        withExtendedLifetime((farOne, farTwo)) {}
      }
    }
  }

  @Test func `A write to a broken connection raises no SIGPIPE and is reported after the write has returned`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, far) = reactor.startPair(recorder)
      far.reset()
      transport.write("into the void")
      transport.write("and again")
      #expect(recorder.events == ["made"])
      #expect(transport.bufferedBytes == 0)
      return {
        #expect(recorder.events == ["made", "lost"])
        #expect(recorder.end?.code == .failed)
        #expect(recorder.end?.error?.code == .write)
        #expect(recorder.end?.error?.peer == "127.0.0.1:9")
      }
    }
  }

  @Test func `What came before a write failed is still delivered`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, far) = reactor.startPair(recorder)
      transport.write("a request that is never read")
      far.send("413")
      // Closing with unread bytes sends a reset.
      far.close()
      transport.write("more of it")
      return {
        #expect(recorder.text == "413")
        #expect(recorder.events == ["made", "data", "lost"])
        #expect(recorder.end?.code == .failed)
      }
    }
  }

  @Test func `A reset by the peer is a failure that names it`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (_, far) = reactor.startPair(recorder)
      far.reset()
      return {
        #expect(recorder.events == ["made", "lost"])
        #expect(recorder.end?.description == "read from 127.0.0.1:9: connection reset by peer")
        #expect(recorder.end?.error?.errno == ECONNRESET)
      }
    }
  }

  @Test func `close() waits for an end that does not read; close(within:) does not`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, far) = reactor.startPair(recorder)
      transport.write([UInt8](repeating: 7, count: 10_000_000))
      transport.close()
      reactor.callLater(.milliseconds(30)) {
        #expect(recorder.end == nil)
        transport.close(within: .milliseconds(10))
      }
      return {
        #expect(recorder.end?.code == .aborted)
        #expect(recorder.events == ["made", "pause", "lost"])
        withExtendedLifetime(far) {}
      }
    }
  }

  @Test func `Nothing is sent after close()`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, far) = reactor.startPair(recorder)
      transport.close()
      transport.write("late")
      return { #expect(far.receive() == .success("")) }
    }
  }

  // MARK: - Half close

  @Test func `closeWrite() ends our direction after the pending writes, and the peer's continues until its end`() {
    withReactor { reactor in
      let recorder = Recorder { $0.onLost = { _ in reactor.stop() } }
      let (transport, far) = reactor.startPair(recorder)
      let request = [UInt8](repeating: 7, count: 8_000_000)
      transport.write(request)
      transport.closeWrite()
      transport.write("dropped")
      #expect(transport.bufferedBytes > 0)
      var count = 0
      let drain = reactor.fileEvent(far.descriptor, .read) {
        guard case .success(let text) = far.receive(upTo: 1 << 20, wait: false) else { return }
        count += text.utf8.count
        guard text.isEmpty else { return }
        far.send("answer")
        far.close()
      }
      drain.enable()
      recorder.onData = { _ in drain.close() }
      return {
        #expect(count == request.count)
        #expect(recorder.text == "answer")
        #expect(recorder.events == ["made", "pause", "data", "end", "lost"])
        #expect(recorder.end?.code == .closed)
      }
    }
  }

  /// No bytes are buffered, for any answer and action of the protocol.
  @Test(arguments: ["goes on", "default", "close", "abort", "closeWrite", "write"])
  func `The end of the other direction is reported after closeWrite() too`(verb: String) {
    withReactor { reactor in
      let recorder = Recorder {
        $0.goesOnSending = verb == "goes on"
        $0.onEndReceived = { [unowned recorder = $0] in
          switch verb {
          case "close": recorder.transport?.close()
          case "abort": recorder.transport?.abort()
          case "closeWrite": recorder.transport?.closeWrite()
          case "write": recorder.transport?.write("dropped")
          default: break
          }
        }
        $0.onLost = { _ in reactor.stop() }
      }
      let (transport, far) = reactor.startPair(recorder)
      transport.closeWrite()
      far.send("answer")
      far.closeWrite()
      return {
        #expect(recorder.events == ["made", "data", "end", "lost"])
        #expect(recorder.end?.code == (verb == "abort" ? .aborted : .closed))
      }
    }
  }

  @Test func `After the peer's EOF our direction stays open while endReceived says so`() {
    withReactor { reactor in
      let recorder = Recorder {
        $0.goesOnSending = true
        $0.onLost = { _ in reactor.stop() }
      }
      let (transport, far) = reactor.startPair(recorder)
      far.send("request")
      far.closeWrite()
      recorder.onEndReceived = {
        reactor.callLater(.milliseconds(5)) {
          #expect(recorder.end == nil)
          transport.write("answer")
          transport.closeWrite()
        }
      }
      return {
        #expect(recorder.events == ["made", "data", "end", "lost"])
        #expect(recorder.end?.code == .closed)
        #expect(far.receive() == .success("answer"))
        #expect(far.receive() == .success(""))
      }
    }
  }

  @Test func `By default EOF closes, after the pending writes are sent`() {
    withReactor { reactor in
      let recorder = Recorder {
        $0.onEndReceived = { [unowned recorder = $0] in recorder.transport?.write("last words") }
        $0.onLost = { _ in reactor.stop() }
      }
      let (_, far) = reactor.startPair(recorder)
      far.closeWrite()
      return {
        #expect(recorder.events == ["made", "end", "lost"])
        #expect(far.receive() == .success("last words"))
      }
    }
  }

  // MARK: - Back-pressure

  @Test func `Ten megabytes to a reader that pauses keep few bytes waiting, and all arrive in order`() {
    withReactor { reactor in
      let total = 10_000_000
      let chunk = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
      var written = 0
      var most = 0
      let writer = Recorder()
      let (near, far) = connectedPair()
      let transport = SocketTransport(near, peer: nil, on: reactor)
      var mayWrite = true
      func fill() {
        while mayWrite, written < total {
          transport.write(chunk)
          written += chunk.count
          most = max(most, transport.bufferedBytes)
        }
        if written == total { transport.close() }
      }
      writer.onPause = { mayWrite = false }
      writer.onResume = {
        mayWrite = true
        fill()
      }
      transport.start(writer)

      _ = fcntl(far.descriptor, F_SETFL, O_NONBLOCK)
      let reader = Recorder { $0.onLost = { _ in reactor.stop() } }
      let readerTransport = SocketTransport(dup(far.descriptor), peer: nil, on: reactor)
      far.close()
      readerTransport.start(reader)
      readerTransport.pauseReading()
      fill()
      reactor.callLater(.milliseconds(20)) {
        #expect(written < total)
        #expect(reader.bytes.isEmpty)
        readerTransport.resumeReading()
      }
      return {
        #expect(most <= transport.waterMarks.high + chunk.count)
        #expect(reader.bytes.count == total)
        let isInOrder = reader.bytes.withUnsafeBufferPointer { all in
          chunk.withUnsafeBufferPointer { piece in
            stride(from: 0, to: total, by: piece.count).allSatisfy {
              memcmp(all.baseAddress! + $0, piece.baseAddress!, piece.count) == 0
            }
          }
        }
        #expect(isInOrder)
        #expect(writer.events.filter { $0 == "pause" }.count - writer.events.filter { $0 == "resume" }.count <= 1)
      }
    }
  }

  @Test func `The protocol is paused once above the high mark, within the write, and resumed at the low one`() {
    withReactor { reactor in
      let recorder = Recorder()
      let (transport, far) = reactor.startPair(recorder)
      transport.waterMarks = WaterMarks(high: 1000, low: 10)
      while transport.bufferedBytes == 0 { transport.write([UInt8](repeating: 1, count: 100_000)) }
      #expect(recorder.events == ["made", "pause"])
      transport.write("more")
      #expect(recorder.events == ["made", "pause"])
      recorder.onResume = {
        #expect(transport.bufferedBytes <= 10)
        transport.abort()
      }
      recorder.onLost = { _ in reactor.stop() }
      let drain = reactor.fileEvent(far.descriptor, .read) { _ = far.receive(upTo: 1 << 20, wait: false) }
      drain.enable()
      return {
        drain.close()
        #expect(recorder.events == ["made", "pause", "resume", "lost"])
      }
    }
  }

  @Test func `Water marks that are moved across the pending bytes notify the protocol at once`() {
    withReactor { reactor in
      let recorder = Recorder()
      let (transport, far) = reactor.startPair(recorder)
      transport.waterMarks = WaterMarks(high: .max)
      while transport.bufferedBytes == 0 { transport.write([UInt8](repeating: 1, count: 100_000)) }
      #expect(recorder.events == ["made"])
      transport.waterMarks = WaterMarks(high: transport.bufferedBytes - 1, low: 0)
      #expect(recorder.events == ["made", "pause"])
      transport.waterMarks = WaterMarks(high: .max, low: transport.bufferedBytes)
      #expect(recorder.events == ["made", "pause", "resume"])
      reactor.stop()
      return { withExtendedLifetime(far) {} }
    }
  }

  @Test func `A successor is paused by its own writes, and resumed`() {
    withReactor { reactor in
      let first = Recorder()
      let (transport, far) = reactor.startPair(first)
      transport.waterMarks = WaterMarks(high: 1000, low: 10)
      while transport.bufferedBytes == 0 { transport.write([UInt8](repeating: 1, count: 100_000)) }
      let successor = Recorder {
        $0.onResume = { reactor.stop() }
      }
      transport.streamProtocol = successor
      transport.write("more")
      #expect(first.events == ["made", "pause"])
      #expect(successor.events == ["pause"])
      let drain = reactor.fileEvent(far.descriptor, .read) { _ = far.receive(upTo: 1 << 20, wait: false) }
      drain.enable()
      return {
        drain.close()
        #expect(successor.events == ["pause", "resume"])
      }
    }
  }

  @Test(arguments: ["abort", "close", "write", "closeWrite"])
  func `pauseWriting may end the connection or write more`(verb: String) {
    withReactor { reactor in
      let recorder = Recorder {
        $0.onPause = { [unowned recorder = $0] in
          switch verb {
          case "abort": recorder.transport?.abort()
          case "close": recorder.transport?.close()
          case "closeWrite": recorder.transport?.closeWrite()
          default: recorder.transport?.write("more")
          }
        }
        $0.onLost = { _ in reactor.stop() }
      }
      let (transport, far) = reactor.startPair(recorder)
      transport.write([UInt8](repeating: 1, count: 10_000_000))
      #expect(recorder.events == ["made", "pause"])
      reactor.callLater(.milliseconds(10)) { transport.abort() }
      return {
        #expect(recorder.events == ["made", "pause", "lost"])
        withExtendedLifetime(far) {}
      }
    }
  }

  // MARK: - Lifetimes

  @Test func `The reactor keeps a connection that its protocol does not, and both are freed after the end`() {
    weak var transport: SocketTransport?
    weak var recorder: Recorder?
    withReactor { reactor in
      let far: RawSocket = {
        let made = Recorder {
          $0.keepsTransport = false
          $0.onLost = { _ in reactor.callSoon { reactor.stop() } }
        }
        let pair = reactor.startPair(made)
        (transport, recorder) = (pair.transport, made)
        return pair.far
      }()
      #expect(transport != nil)
      recorder?.onData = { recorder in
        #expect(recorder.text == "x")
        far.close()
      }
      far.send("x")
      return {
        #expect(transport == nil)
        #expect(recorder == nil)
      }
    }
  }

  @Test func `A reactor that is released closes its connections and frees their protocols`() {
    weak var recorder: Recorder?
    let far: RawSocket = {
      let reactor = Reactor()
      let made = Recorder()
      recorder = made
      let far = reactor.startPair(made).far
      reactor.callLater(.milliseconds(1)) { [unowned reactor] in reactor.stop() }
      reactor.run()
      return far
    }()
    #expect(recorder == nil)
    #expect(far.receive() == .success(""))
  }

  @Test func `A transport that outlives its reactor does nothing`() {
    let transport: SocketTransport = {
      let reactor = Reactor()
      return reactor.startPair(Recorder()).transport
    }()
    transport.write("x")
    transport.pauseReading()
    transport.resumeReading()
    transport.closeWrite()
    transport.close()
    transport.abort()
    #expect(transport.localAddress == nil)
  }

  @Test(arguments: ["let go", "close", "abort"])
  func `A transport that was never started is closed without a word`(how: String) {
    let reactor = Reactor()
    let (near, far) = connectedPair()
    var transport: SocketTransport? = SocketTransport(near, peer: nil, on: reactor)
    if how == "close" { transport?.close() }
    if how == "abort" { transport?.abort() }
    transport = nil
    #expect(far.receive() == (how == "abort" ? .failure(Errno(number: ECONNRESET)) : .success("")))
    _ = transport
  }

  @Test func `No descriptor is left behind, however a connection ends`() async {
    await #expect(processExitsWith: .success) {
      let before = openSockets()
      for verb in 0..<5 {
        let reactor = Reactor()
        let recorder = Recorder { $0.onLost = { [unowned reactor] _ in reactor.stop() } }
        let (transport, far) = reactor.startPair(recorder)
        switch verb {
        case 0: transport.close()
        case 1: transport.abort()
        case 2: far.close()
        case 3: far.reset()
        default: reactor.stop()
        }
        reactor.run()
      }
      precondition(openSockets() == before, "\(openSockets()) open, not \(before)")
    }
  }
}
