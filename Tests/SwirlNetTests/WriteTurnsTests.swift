import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

@Suite struct WriteTurnsTests {
  @Test func `A large write is sent in shares, one in a turn of the loop`() {
    withReactor { reactor in
      let socket = TakingSocket(1, Sent(reactor))
      let transport = reactor.start(socket)
      transport.write(bytes(3 * WriteTurns.share + 7))
      transport.write("the end")
      #expect(socket.sent.counts == [WriteTurns.share])
      reactor.stopWhen { transport.bufferedBytes == 0 }
      return {
        #expect(socket.sent.counts == [WriteTurns.share, WriteTurns.share, WriteTurns.share, 7, 7])
        #expect(socket.sent.inOnePoll <= 2 * WriteTurns.share)
        #expect(socket.content == bytes(3 * WriteTurns.share + 7) + Array("the end".utf8))
        #expect(!socket.isWatched)
      }
    }
  }

  @Test(arguments: [WriteTurns.small - 1, Int(WriteTurns.small)])
  func `A small write is sent at once, also while a hundred large ones wait`(count: Int) {
    withReactor { reactor in
      let sent = Sent(reactor)
      let large = (1...100).map { reactor.start(TakingSocket($0, sent)) }
      for transport in large { transport.write(bytes(1 << 20)) }
      #expect(large.contains { $0.bufferedBytes == 1 << 20 })
      let small = reactor.start(TakingSocket(0, sent))
      small.write(bytes(count - 1))
      #expect(small.bufferedBytes == 0)
      #expect(sent.sockets.last == 0)
      reactor.stop()
      return { withExtendedLifetime(large) {} }
    }
  }

  @Test func `All connections together send a bounded number of bytes between two polls, and take turns`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let sockets = (0..<20).map { TakingSocket($0, sent) }
      let transports = sockets.map { reactor.start($0) }
      for transport in transports { transport.write(bytes(1 << 20)) }
      reactor.stopWhen { transports.allSatisfy { $0.bufferedBytes == 0 } }
      return {
        #expect(sent.inOnePoll <= WriteTurns.bytesPerTurn)
        #expect(sent.counts.allSatisfy { $0 == WriteTurns.share })
        // The first has a share in its write; from then on all take turns.
        #expect(sent.sockets == [0] + (0..<3).flatMap { _ in Array(0..<20) } + Array(1..<20))
        #expect(sockets.allSatisfy { $0.content == bytes(1 << 20) })
      }
    }
  }

  @Test func `A full socket waits until it is writable, not for a turn`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let socket = TakingSocket(0, sent)
      socket.room = 100_000
      let transport = reactor.start(socket)
      transport.write(bytes(400_000))
      #expect(socket.isWatched)
      reactor.callLater(.seconds(1)) {
        #expect(sent.counts == [100_000])
        socket.room = 10_000
        socket.becomeWritable()
        #expect(sent.counts == [100_000, 10_000])
        socket.room = .max
        socket.becomeWritable()
        #expect(sent.counts == [100_000, 10_000, WriteTurns.share])
        // Not in a turn: the socket is watched, and writable in the next poll as well.
        #expect(socket.isWatched)
        socket.becomeWritable()
        #expect(transport.bufferedBytes == 0)
        #expect(!socket.isWatched)
        reactor.stop()
      }
      return { #expect(socket.content == bytes(400_000)) }
    }
  }

  @Test func `A socket that becomes writable while others wait takes its place behind them`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let full = TakingSocket(9, sent)
      full.room = 0
      let transport = reactor.start(full)
      transport.write(bytes(50_000))
      // The write does not know yet that the send buffer is full: its turn shows it.
      reactor.callSoon {
        #expect(full.isWatched)
        let others = (0..<5).map { reactor.start(TakingSocket($0, sent)) }
        for other in others { other.write(bytes(WriteTurns.share + 1)) }
        full.room = .max
        full.becomeWritable()
        #expect(!full.isWatched)
        #expect(transport.bufferedBytes == 50_000)
        reactor.stopWhen { transport.bufferedBytes == 0 && others.allSatisfy { $0.bufferedBytes == 0 } }
      }
      return { #expect(sent.sockets == [9, 9, 0, 0, 1, 2, 3, 4, 9, 1, 2, 3, 4]) }
    }
  }

  @Test func `A little that is left is sent as soon as the socket is writable`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let full = TakingSocket(9, sent)
      full.room = 0
      let transport = reactor.start(full)
      transport.write("hello")
      let others = (0..<5).map { reactor.start(TakingSocket($0, sent)) }
      for other in others { other.write(bytes(1 << 20)) }
      full.room = .max
      full.becomeWritable()
      #expect(transport.bufferedBytes == 0)
      reactor.stop()
      return { withExtendedLifetime(others) {} }
    }
  }

  @Test func `A connection that is aborted, or released, before its turn sends nothing more, and the others do`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let sockets = (0..<4).map { TakingSocket($0, sent) }
      var transports = sockets.map { reactor.start($0) }
      for transport in transports { transport.write(bytes(WriteTurns.share + 1)) }
      transports[0].abort()
      transports[1].end(.closed)
      transports.remove(at: 1)
      #expect(transports[0].unsentBytes == 1)
      reactor.stopWhen { transports[1].bufferedBytes == 0 && transports[2].bufferedBytes == 0 }
      return { #expect(sent.sockets == [0, 2, 3, 2, 3]) }
    }
  }

  @Test(arguments: ["close", "closeWrite"])
  func `All of a large write is sent before the end`(verb: String) {
    withReactor { reactor in
      let socket = TakingSocket(0, Sent(reactor))
      let transport = reactor.start(socket)
      transport.write(bytes(1 << 20))
      if verb == "close" { transport.close() } else { transport.closeWrite() }
      #expect(!socket.hasEnded)
      reactor.stopWhen { socket.hasEnded }
      return {
        #expect(socket.content == bytes(1 << 20))
        #expect(transport.unsentBytes == 0)
      }
    }
  }

  @Test func `A protocol is paused and resumed by its turns, and may close then`() {
    withReactor { reactor in
      let socket = TakingSocket(0, Sent(reactor))
      let recorder = Recorder { recorder in
        recorder.onPause = { recorder.transport?.write("more") }
        recorder.onResume = {
          recorder.transport?.write(bytes(WriteTurns.share + 1))
          recorder.transport?.abort()
        }
        recorder.onLost = { _ in reactor.stop() }
      }
      let transport = reactor.start(socket, recorder)
      transport.write(bytes(1 << 20))
      return {
        #expect(recorder.events == ["made", "pause", "resume", "pause", "lost"])
        #expect(recorder.end?.code == .aborted)
      }
    }
  }

  @Test func `A socket that breaks in its turn is reported, and the others go on`() {
    withReactor { reactor in
      let sent = Sent(reactor)
      let broken = TakingSocket(0, sent), whole = TakingSocket(1, sent)
      let recorder = Recorder()
      let first = reactor.start(broken, recorder), second = reactor.start(whole)
      first.write(bytes(1 << 20))
      second.write(bytes(1 << 20))
      broken.error = EPIPE
      reactor.stopWhen { second.bufferedBytes == 0 && recorder.end != nil }
      return {
        #expect(recorder.end?.error?.code == .write)
        #expect(first.unsentBytes == 1 << 20 - WriteTurns.share)
      }
    }
  }
}

private let pattern = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 / 3) }
private func bytes(_ count: Int) -> [UInt8] { Array(pattern.prefix(count)) }

/// What sockets have taken, in order.
private final class Sent {
  private unowned let reactor: Reactor
  private(set) var counts: [Int] = []
  private(set) var sockets: [Int] = []
  /// The most bytes between two polls.
  private(set) var inOnePoll = 0
  private var poll = -1
  private var sincePoll = 0

  init(_ reactor: Reactor) { self.reactor = reactor }

  func add(_ count: Int, by socket: Int) {
    if poll != reactor.pollCount { (poll, sincePoll) = (reactor.pollCount, 0) }
    sincePoll += count
    inOnePoll = max(inOnePoll, sincePoll)
    counts.append(count)
    sockets.append(socket)
  }
}

/// Takes as many bytes as it has room for.
private final class TakingSocket: SimulatedSocket, ReadinessSource {
  let sent: Sent
  var room = Int.max
  var error: Int32?
  private(set) var content: [UInt8] = []
  private(set) var hasEnded = false
  private let number: Int
  private var writeEvent: FileEvent?

  init(_ number: Int, _ sent: Sent) {
    self.number = number
    self.sent = sent
  }

  var isWatched: Bool { writeEvent?.isEnabled == true }
  func becomeWritable() { writeEvent?.fire() }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    if let error {
      errno = error
      return -1
    }
    let count = min(bytes.count, room)
    room -= count
    sent.add(count, by: number)
    content.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[..<count]))
    if count == 0 { errno = EAGAIN }
    return count == 0 ? -1 : count
  }

  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    let event = SourcedEvent(self, -1, interest, handler: handler)
    if interest == .write { writeEvent = event }
    return event
  }

  func begin(_ event: SourcedEvent) -> Bool { true }
  func end(_ event: SourcedEvent) {}

  func shutdownWriting() { hasEnded = true }
  func close() { hasEnded = true }

  var localAddress: SocketAddress? { nil }
  var peerState: PeerState { .open }
  func resetOnClose() {}
  func takeError() -> Int32 { 0 }
  func accept() -> (socket: StreamSocket, peer: SocketAddress?)? { nil }

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int {
    errno = EAGAIN
    return -1
  }
}

extension Reactor {
  fileprivate func start(_ socket: TakingSocket, _ streamProtocol: Recorder = Recorder()) -> SocketTransport {
    let transport = SocketTransport(StreamSocket(socket), peer: nil, on: self, at: CallSite())
    transport.start(streamProtocol)
    return transport
  }

  /// Stops in the first turn in which `isDone`.
  fileprivate func stopWhen(_ isDone: @escaping () -> Bool) {
    callSoon { [unowned self] in isDone() ? stop() : stopWhen(isDone) }
  }
}
