import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

#if os(Linux)
@Suite struct DescriptorPassingTests {
  /// Two protocols on both ends of a Unix connection.
  private func pair(_ reactor: Reactor, _ first: Recorder, _ second: Recorder) throws {
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Socket.streamType, 0, &ends) == 0)
    try reactor.adopt(socket: ends[0]) { first }
    try reactor.adopt(socket: ends[1]) { second }
  }

  @Test func `descriptors come with the bytes that they were sent with`() throws {
    try withReactor { reactor in
      let (first, second) = (TestPipe(), TestPipe())
      var came: [(String, Int)] = []
      var taken: [PassedDescriptor] = []
      let sender = Recorder()
      let receiver = Recorder { recorder in
        recorder.onMade = { try? $0.receiveDescriptors(atMost: 3) }
        recorder.onData = { recorder in
          let descriptors = recorder.transport?.takeDescriptors() ?? []
          taken += descriptors
          came.append((recorder.text, descriptors.count))
          recorder.bytes = []
          if recorder.transport?.isClosing == false, taken.count == 3 { reactor.stop() }
        }
      }
      try pair(reactor, sender, receiver)
      sender.transport?.write("before ")
      try sender.transport?.write(Array("two".utf8), passing: [first.writing, second.writing])
      try sender.transport?.write(Array("one".utf8), passing: [first.writing])
      // Copies were made.
      first.closeWriting()
      second.closeWriting()
      return {
        // Bytes before them may come in the same piece, those behind them do not.
        #expect(came.map(\.0).joined() == "before twoone")
        #expect(came.map(\.1).suffix(2) == [2, 1] && came.last?.0 == "one")
        #expect(taken.allSatisfy { fcntl($0.fileDescriptor, F_GETFD) & FD_CLOEXEC != 0 })
        send(taken[0].fileDescriptor, "first")
        send(taken[1].fileDescriptor, "second")
        #expect(first.readAll() == "first" && second.readAll() == "second")
        let own = taken[2].take()
        taken = []
        // The last one was taken, the others are closed.
        #expect(second.readAll() == nil)
        send(own, "own")
        #expect(first.readAll() == "own")
        Socket.close(own)
        #expect(first.readAll() == nil)
      }
    }
  }

  @Test func `descriptors wait for the bytes before them`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let sender = Recorder()
      var position = -1
      let receiver = Recorder { recorder in
        recorder.onMade = { try? $0.receiveDescriptors(atMost: 1) }
        recorder.onData = { recorder in
          if recorder.transport?.takeDescriptors().isEmpty == false {
            position = recorder.bytes.firstIndex(of: 2) ?? -1
          }
          if recorder.bytes.last == 3 { reactor.stop() }
        }
      }
      try pair(reactor, sender, receiver)
      receiver.transport?.pauseReading()
      sender.transport?.write([UInt8](repeating: 1, count: 2_000_000))
      try sender.transport?.write([2], passing: [pipe.writing])
      sender.transport?.write([3])
      #expect((sender.transport?.bufferedBytes ?? 0) > 0)
      reactor.callSoon { receiver.transport?.resumeReading() }
      return {
        #expect(position == 2_000_000)
        #expect(receiver.bytes.count == 2_000_002)
      }
    }
  }

  @Test func `more than the limit ends the connection, and closes what came`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let sender = Recorder()
      let receiver = Recorder { recorder in
        recorder.onMade = { try? $0.receiveDescriptors(atMost: 2) }
        recorder.onLost = { _ in reactor.stop() }
      }
      try pair(reactor, sender, receiver)
      try sender.transport?.write([1], passing: [pipe.writing, pipe.writing, pipe.writing])
      pipe.closeWriting()
      return {
        #expect(receiver.bytes.isEmpty)
        #expect(receiver.end?.error?.reason.contains("more than 2 descriptors") == true)
        #expect(pipe.readAll() == nil)
      }
    }
  }

  @Test func `what is not taken is closed at the end, and so is what was not sent`() throws {
    try withReactor { reactor in
      let (pipe, unsent) = (TestPipe(), TestPipe())
      let sender = Recorder { $0.onLost = { _ in reactor.stop() } }
      let receiver = Recorder { recorder in
        recorder.onMade = { try? $0.receiveDescriptors(atMost: 2) }
        recorder.onData = { recorder in
          recorder.transport?.pauseReading()
          sender.transport?.write([UInt8](repeating: 1, count: 2_000_000))
          try? sender.transport?.write([2], passing: [unsent.writing])
          unsent.closeWriting()
          recorder.transport?.abort()
        }
      }
      try pair(reactor, sender, receiver)
      try sender.transport?.write([1], passing: [pipe.writing])
      pipe.closeWriting()
      return {
        #expect(pipe.readAll() == nil)
        #expect(unsent.readAll() == nil)
      }
    }
  }

  @Test func `without a limit the kernel closes what comes, and the bytes stay`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let sender = Recorder()
      let receiver = Recorder { $0.onData = { _ in reactor.stop() } }
      try pair(reactor, sender, receiver)
      try sender.transport?.write(Array("bytes".utf8), passing: [pipe.writing])
      pipe.closeWriting()
      return {
        #expect(receiver.text == "bytes" && receiver.transport?.takeDescriptors().isEmpty == true)
        #expect(pipe.readAll() == nil)
      }
    }
  }

  @Test func `wrong uses are errors, and send nothing`() throws {
    try withReactor { reactor in
      let pipe = TestPipe()
      let (sender, receiver) = (Recorder(), Recorder())
      try pair(reactor, sender, receiver)
      let transport = try #require(sender.transport)
      #expect(throws: NetError.self) { try transport.write([], passing: [pipe.writing]) }
      #expect(throws: NetError.self) { try transport.write([1], passing: [pipe.writing, 9997]) }
      #expect(throws: NetError.self) {
        try transport.write([1], passing: [Int32](repeating: pipe.writing, count: 254))
      }
      let (tcp, far) = reactor.startPair(Recorder())
      let error = #expect(throws: NetError.self) { try tcp.write([1], passing: [pipe.writing]) }
      #expect(error?.description.contains("only a plain Unix connection") == true)
      #expect(throws: NetError.self) { try tcp.receiveDescriptors(atMost: 1) }
      reactor.callLater(.milliseconds(1)) {
        #expect(receiver.bytes.isEmpty)
        reactor.stop()
      }
      withExtendedLifetime(far) {}
      return {}
    }
  }
}
#endif
