import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import Testing

@testable import SwirlNet

/// Records its calls.
private final class DatagramRecorder: DatagramProtocol {
  var events: [String] = []
  var onReceived: (DatagramRecorder) -> Void = { _ in }
  func socketOpened(_ socket: DatagramSocket) { events.append("opened") }
  func datagramReceived(_ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress) {
    events.append(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
    onReceived(self)
  }
  func errorReceived(_ error: NetError) { events.append(error.reason) }
  func socketClosed() { events.append("closed") }
}

extension Reactor {
  /// Closes all sockets for datagrams, whose handlers hold the reactor.
  fileprivate func closeDatagrams() {
    for socket in handles.all(DatagramSocket.self) { socket.close() }
  }
}

private func text(_ number: Int, _ count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
}

@Suite(.timeLimit(.minutes(10))) struct DatagramSocketTests {
  @Test func `A handler answers what comes to its port, on loopback by default`() throws {
    try withReactor { reactor in
      var answers: [String] = []
      let server = try reactor.listenUDP(0) { datagram, socket in socket.reply(to: datagram, datagram.text + "!") }
      #expect(server.localAddress.host == "127.0.0.1" && server.port > 0)
      reactor.connectUDP("127.0.0.1", server.port) { datagram, socket in
        answers.append(datagram.text)
        #expect(datagram.source == server.localAddress && datagram.destination == socket.localAddress)
        if answers.count == 2 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }.addCallback { socket in
        socket.send("one")
        socket.send("two")
      }
      return { #expect(answers == ["one!", "two!"]) }
    }
  }

  @Test(arguments: [
    ("localhost", ["::1", "127.0.0.1"], nil), ("server.test", ["::1", "127.0.0.1"], "127.0.0.1"),
    // Without permission to broadcast, this one refuses.
    ("server.test", ["255.255.255.255", "127.0.0.1"], nil),
  ])
  func `Of several addresses the first counts that can be sent to`(
    host: String, addresses: [String], source: String?
  ) throws {
    try withReactor { reactor in
      reactor.resolver.lookup = { _ in .succeed(addresses.map { SocketAddress(ip: $0, port: 0)! }) }
      let server = try reactor.listenUDP(0) { datagram, _ in
        #expect(datagram.text == "hello")
        reactor.closeDatagrams()
        reactor.stop()
      }
      let from = source.flatMap { SocketAddress(ip: $0, port: 0) }
      reactor.connectUDP(host, server.port, from: from).addCallback { socket in
        #expect(socket.peerAddress == server.localAddress)
        socket.send("hello")
      }.addErrback { error in
        Issue.record(error)
        reactor.stop()
      }
      return {}
    }
  }

  @Test func `A protocol is told of the opening first, and of the end last, once`() throws {
    try withReactor { reactor in
      let recorder = DatagramRecorder()
      let server = try reactor.listenUDP(0, recorder)
      recorder.onReceived = { [unowned server] _ in
        server.close()
        server.close()
        reactor.stop()
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      for text in ["first", "second"] { sender.send(text, to: server.localAddress) }
      sender.close()
      return {
        // What came with the first one is behind the close.
        #expect(recorder.events == ["opened", "first", "closed"])
        #expect(sender.counts.sent == 2 && !sender.isOpen)
        #expect(reactor.handles.all(DatagramSocket.self).isEmpty)
      }
    }
  }

  @Test func `Any size arrives as it was sent, none and the largest, in order`() throws {
    // Sizes whose runs can be sent in one piece, and such whose can't.
    let sizes = [0, 1, 1, 1, 0, 1200, 1200, 1200, 7, 1200, 65_507, 64, 64, 63, 64, 65_507, 65_507, 0, 8192, 8192, 1]
    try withReactor { reactor in
      var options = DatagramOptions()
      options.receiveBufferSize = 2_000_000
      var arrived: [[UInt8]] = []
      let server = try reactor.listenUDP(0, options: options) { datagram, socket in
        arrived.append(datagram.bytes)
        if arrived.count == sizes.count || socket.counts.missed > 0 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      // Large ones are sent behind the turn, so that the receive buffer has room for all of them.
      for (index, size) in sizes.enumerated() { sender.send(text(index, size), to: server.localAddress) }
      return { #expect(arrived == sizes.enumerated().map { text($0.offset, $0.element) }) }
    }
  }

  @Test func `A thousand in a turn take few calls, and arrive in order`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.receiveBufferSize = 4_000_000
      var arrived: [Int] = []
      let server = try reactor.listenUDP(0, options: options) { datagram, _ in
        arrived.append(Int(datagram.text) ?? -1)
        if arrived.count == 1000 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      for number in 1000..<1500 { sender.send("\(number)", to: server.localAddress) }
      reactor.callSoon { for number in 1500..<2000 { sender.send("\(number)", to: server.localAddress) } }
      return { #expect(arrived == Array(1000..<2000)) }
    }
  }

  @Test func `A datagram that is too long to be sent is an error, and those around it arrive`() throws {
    try withReactor { reactor in
      var arrived: [String] = []
      var errors: [String] = []
      let server = try reactor.listenUDP(0) { datagram, _ in
        arrived.append(datagram.text)
        if arrived.count == 2 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      sender.onError = { errors.append("\($0)") }
      sender.send("before", to: server.localAddress)
      sender.send([UInt8](repeating: 0, count: 65_508), to: server.localAddress)
      sender.send("behind", to: server.localAddress)
      return {
        #expect(arrived == ["before", "behind"])
        #expect(
          errors == [
            "write to \(server.localAddress): a datagram of 65508 bytes is too long: UDP takes 65,507 bytes, and a network often less"
          ])
      }
    }
  }

  @Test func `One that is longer than the limit is told and counted, never cut`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.maximumSize = 4
      var arrived: [String] = []
      var errors: [String] = []
      let server = try reactor.listenUDP(0, options: options) { datagram, socket in
        arrived.append(datagram.text)
        if datagram.text == "end" {
          #expect(socket.counts.tooLong == 3)
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      server.onError = { errors.append($0.reason) }
      let sender = try reactor.listenUDP(0) { _, _ in }
      for text in ["four", "five5", "five5", "sixsix", "end"] { sender.send(text, to: server.localAddress) }
      return {
        #expect(arrived == ["four", "end"])
        #expect(errors == [5, 5, 6].map { "a datagram of \($0) bytes is longer than maximumSize" })
      }
    }
  }

  @Test func `A refusal goes to the socket that sent, with the address that refused`() throws {
    let (first, second) = (RawDatagrams.closedPort(), RawDatagrams.closedPort())
    try withReactor { reactor in
      var errors: [String] = []
      var others: [String] = []
      let sender = try reactor.listenUDP(0) { _, _ in }
      let other = try reactor.listenUDP(0) { _, _ in }
      other.onError = { others.append("\($0)") }
      sender.onError = {
        errors.append("\($0)")
        if errors.count == 2 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      sender.send("a", to: first)
      sender.send("b", to: second)
      return {
        let expected = [first, second].map { "write to \($0): connection refused: nothing listens there" }
        #expect(Set(errors) == Set(expected) && others.isEmpty)
      }
    }
  }

  @Test func `A refusal does not lose the datagrams behind it`() throws {
    let closed = RawDatagrams.closedPort()
    try withReactor { reactor in
      var arrived: [String] = []
      var errors = 0
      let server = try reactor.listenUDP(0) { datagram, _ in
        arrived.append(datagram.text)
        if arrived.count == 100 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      sender.onError = { _ in errors += 1 }
      func send(_ number: Int) {
        sender.send("x", to: closed)
        sender.send("\(number)", to: server.localAddress)
        if number < 99 { reactor.callSoon { send(number + 1) } }
      }
      send(0)
      return { #expect(arrived == (0..<100).map { "\($0)" } && errors > 0) }
    }
  }

  @Test func `A program may send, look and close when it is told of an error`() throws {
    let closed = RawDatagrams.closedPort()
    try withReactor { reactor in
      var arrived: [String] = []
      let server = try reactor.listenUDP(0) { datagram, _ in
        arrived.append(datagram.text)
        reactor.closeDatagrams()
        reactor.stop()
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      sender.onError = { [unowned sender] _ in
        #expect(sender.queuedBytes == 0)
        sender.onError = nil
        sender.send("told", to: server.localAddress)
        sender.close()
      }
      // The first is an error of its own, the second one of the peer.
      sender.send([UInt8](repeating: 0, count: 65_508), to: server.localAddress)
      sender.send("refused", to: closed)
      return { #expect(arrived == ["told"] && !sender.isOpen) }
    }
  }

  @Test func `A connected socket's call fails when its peer refuses, and the socket goes on`() {
    let closed = RawDatagrams.closedPort()
    withReactor { reactor in
      var outcome: Result<Datagram, any Error>?
      reactor.connectUDP(closed.host, closed.port).addCallback { socket in
        socket.send("anyone?")
        socket.receive().addBoth { result in
          outcome = result
          #expect(socket.isOpen)
          socket.close()
          reactor.stop()
        }
      }
      return {
        #expect(throws: NetError.self) { try outcome?.get() }
      }
    }
  }

  @Test func `On all addresses a datagram tells which, and the answer comes from there`() throws {
    try withReactor { reactor in
      var destinations: [String] = []
      var answers: [String] = []
      let server = try reactor.listenUDP(0, interface: "") { datagram, socket in
        destinations.append(datagram.destination.description)
        socket.reply(to: datagram, "yes")
      }
      for host in ["127.0.0.2", "127.0.0.3"] {
        // Connected: an answer from another address would not arrive.
        reactor.connectUDP(host, server.port) { datagram, _ in
          answers.append(datagram.source.host)
          if answers.count == 2 {
            reactor.closeDatagrams()
            reactor.stop()
          }
        }.addCallback { $0.send("which?") }
      }
      return {
        #expect(Set(destinations) == ["127.0.0.2:\(server.port)", "127.0.0.3:\(server.port)"])
        #expect(Set(answers) == ["127.0.0.2", "127.0.0.3"])
      }
    }
  }

  @Test(.enabled(if: SocketAddress(ip: "::1", port: 0).map(RawDatagrams.canBind) ?? false))
  func `IPv6 works, and a socket on all addresses takes both`() throws {
    try withReactor { reactor in
      var sources: [String] = []
      let server = try reactor.listenUDP(0, interface: "") { datagram, socket in
        sources.append("\(datagram.source.host) \(datagram.destination.host)")
        socket.send("answer", to: datagram.source, from: datagram.destination)
      }
      var answers = 0
      for host in ["127.0.0.1", "::1"] {
        reactor.connectUDP(host, server.port) { _, _ in
          answers += 1
          if answers == 2 {
            reactor.closeDatagrams()
            reactor.stop()
          }
        }.addCallback { $0.send("hello") }
      }
      return { #expect(Set(sources) == ["127.0.0.1 127.0.0.1", "::1 ::1"]) }
    }
  }

  @Test func `A full queue drops, says so and counts`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.maximumQueuedBytes = 200
      let sender = try reactor.listenUDP(0, options: options) { _, _ in }
      let peer = try reactor.listenUDP(0) { _, _ in }
      let results = (0..<4).map { _ in sender.send([UInt8](repeating: 1, count: 36), to: peer.localAddress) }
      #expect(results == [true, true, false, false])
      #expect(sender.counts.unsent == 2 && sender.queuedBytes == 200)
      sender.drained().addCallback { _ in
        #expect(sender.counts.sent == 2 && sender.queuedBytes == 0)
        // A datagram that is larger than the whole queue is sent if nothing is before it.
        #expect(sender.send([UInt8](repeating: 1, count: 300), to: peer.localAddress))
        reactor.closeDatagrams()
        reactor.stop()
      }
      return { #expect(sender.counts.sent == 3) }
    }
  }

  @Test func `What comes while the receive buffer is full is counted`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.receiveBufferSize = 4096
      options.usesSegmentationOffload = false
      let server = try reactor.listenUDP(0, options: options) { _, socket in
        guard socket.counts.received + socket.counts.missed == 200 else { return }
        #expect(socket.counts.missed > 0)
        reactor.closeDatagrams()
        reactor.stop()
      }
      server.pauseReading()
      let sender = try reactor.listenUDP(0, options: options) { _, _ in }
      for _ in 0..<200 { sender.send([UInt8](repeating: 1, count: 1000), to: server.localAddress) }
      sender.drained().addCallback { _ in server.resumeReading() }
      return { #expect(!server.isOpen) }
    }
  }

  @Test func `Calls get datagrams in their order, a cancelled one loses none`() throws {
    try withReactor { reactor in
      var arrived: [String] = []
      let server = try reactor.listenUDP(0) { datagram, socket in
        for text in ["a", "b", "c"] { socket.reply(to: datagram, text) }
      }
      reactor.connectUDP("127.0.0.1", server.port).addCallback { socket in
        socket.send("three, please")
        let first = socket.receive()
        let cancelled = socket.receive()
        let second = socket.receive()
        first.addCallback { arrived.append("1\($0.text)") }
        cancelled.addErrback { arrived.append($0 is CancelledError ? "cancelled" : "\($0)") }
        second.addCallback { arrived.append("2\($0.text)") }
          .addCallback { _ in
            // It may have come in the same batch, while there was no call.
            socket.receive().addCallback { datagram in
              arrived.append("3\(datagram.text)")
              socket.receive().addErrback { error in
                arrived.append("\(error)")
                reactor.stop()
              }
              reactor.closeDatagrams()
            }
          }
        cancelled.cancel()
      }
      return {
        #expect(arrived.prefix(4) == ["cancelled", "1a", "2b", "3c"])
        #expect(arrived.last?.hasSuffix("the socket was closed here") == true)
      }
    }
  }

  @Test func `What was sent before a close is sent`() throws {
    try withReactor { reactor in
      var count = 0
      let server = try reactor.listenUDP(0) { _, _ in
        count += 1
        if count == 3 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      let sender = try reactor.listenUDP(0) { _, _ in }
      for text in ["a", "b", "c"] { sender.send(text, to: server.localAddress) }
      sender.close()
      #expect(!sender.send("d", to: server.localAddress))
      #expect(sender.counts == DatagramSocket.Counts(received: 0, sent: 3, unsent: 1, missed: 0, tooLong: 0))
      return { #expect(count == 3) }
    }
  }

  @Test func `A reactor that is released closes its sockets, and their handlers are released`() throws {
    weak var witness: DatagramRecorder?
    let address: SocketAddress
    do {
      let reactor = Reactor()
      let recorder = DatagramRecorder()
      witness = recorder
      let socket = try reactor.listenUDP(0, recorder)
      address = socket.localAddress
      recorder.onReceived = { _ in socket.close() }
    }
    #expect(witness == nil)
    let next = Reactor()
    try next.listenUDP(address.port) { _, _ in }.close()
  }

  @Test(arguments: [
    ("example.com", 0, "names are not looked up"), ("127.0.0.1", -1, "from 0 to 65535"),
    ("127.0.0.1", 65536, "from 0 to 65535"), ("192.0.2.99", 0, "no such address here"),
  ])
  func `A place that it can't have is an error that says why`(host: String, port: Int, reason: String) throws {
    let reactor = Reactor()
    let error = #expect(throws: NetError.self) { try reactor.listenUDP(port, interface: host) { _, _ in } }
    #expect(error?.reason.contains(reason) == true)
    #expect(reactor.handles.count == 0)
  }

  @Test func `A port in use is an error, unless all share it`() throws {
    let reactor = Reactor()
    let first = try reactor.listenUDP(0) { _, _ in }
    let error = #expect(throws: NetError.self) { try reactor.listenUDP(first.port) { _, _ in } }
    #expect(error?.errno == EADDRINUSE)
    var options = DatagramOptions()
    options.reusesPort = true
    let second = try reactor.listenUDP(0, options: options) { _, _ in }
    try reactor.listenUDP(second.port, options: options) { _, _ in }
    reactor.closeDatagrams()
  }

  private static let badOptions: [(@Sendable (inout DatagramOptions) -> Void, String)] = [
    ({ $0.maximumSize = 0 }, "maximumSize is 1 to 65535 bytes, not 0"),
    ({ $0.hopLimit = 0 }, "hopLimit is 1 to 255, not 0"),
    ({ $0.multicastHopLimit = 256 }, "multicastHopLimit is 0 to 255, not 256"),
    ({ $0.multicastInterface = "nowhere9" }, "this machine has no interface \"nowhere9\""),
    ({ $0.receiveBufferSize = -1 }, "receiveBufferSize is a positive number of bytes below 2 GiB, not -1"),
    ({ $0.maximumQueuedBytes = -1 }, "maximumQueuedBytes is zero or more, not -1"),
  ]

  @Test(arguments: 0..<badOptions.count) func `An option that no socket has is an error that names it`(
    index: Int
  ) throws {
    let (change, reason) = Self.badOptions[index]
    let reactor = Reactor()
    var options = DatagramOptions()
    change(&options)
    let error = #expect(throws: NetError.self) { try reactor.listenUDP(0, options: options) { _, _ in } }
    #expect(error?.reason == reason)
  }

  @Test func `A broadcast needs its option, and the error says so`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.allowsBroadcast = true
      var events: [String] = []
      let server = try reactor.listenUDP(0, interface: "0.0.0.0") { datagram, socket in
        events.append(datagram.text)
        socket.reply(to: datagram, "here")
      }
      let everyone = SocketAddress(ip: "127.255.255.255", port: server.port)!
      let quiet = try reactor.listenUDP(0) { _, _ in }
      quiet.onError = { events.append($0.reason) }
      quiet.send("not allowed", to: everyone)
      let caller = try reactor.listenUDP(0, options: options) { datagram, _ in
        events.append(datagram.text)
        reactor.closeDatagrams()
        reactor.stop()
      }
      quiet.drained().addBoth { _ in caller.send("anyone?", to: everyone) }
      return {
        #expect(
          events == ["permission denied: a broadcast address needs allowsBroadcast", "anyone?", "here"])
      }
    }
  }

  @Test(arguments: ["127.0.0.1", "ff02", "", "example.com"])
  func `A group that is none is an error`(group: String) throws {
    let reactor = Reactor()
    let socket = try reactor.listenUDP(0) { _, _ in }
    let error = #expect(throws: NetError.self) { try socket.join(group) }
    #expect(error?.reason.contains("such as 239.255.255.250") == true)
    #expect(throws: NetError.self) { try socket.leave("239.1.2.3") }
    #expect(throws: NetError.self) { try socket.join("239.1.2.3", interface: "nowhere9") }
    #expect(throws: NetError.self) { try socket.join("232.1.2.3", source: "nobody") }
    socket.close()
    #expect(throws: NetError.self) { try socket.join("239.1.2.3") }
  }

  @Test func `Members of a group get what is sent to it until they leave`() throws {
    try withReactor { reactor in
      var options = DatagramOptions()
      options.reusesAddress = true
      options.multicastHopLimit = 0
      options.multicastInterface = "lo"
      var arrived: [String] = []
      func member(_ name: String, _ port: Int = 0) throws -> DatagramSocket {
        let socket = try reactor.listenUDP(port, interface: "0.0.0.0", options: options) { datagram, socket in
          arrived.append("\(name) \(datagram.text) \(datagram.destination.host)")
          socket.reply(to: datagram, "\(name) heard \(datagram.text)")
        }
        try socket.join("239.77.1.2", interface: "lo")
        return socket
      }
      let first = try member("first")
      let second = try member("second", first.port)
      let group = SocketAddress(ip: "239.77.1.2", port: first.port)!
      var answers = 0
      let caller = try reactor.listenUDP(0, interface: "0.0.0.0", options: options) { _, caller in
        answers += 1
        if answers == 2 {
          try? second.leave("239.77.1.2", interface: "lo")
          caller.send("again", to: group)
        }
        if answers == 3 {
          reactor.closeDatagrams()
          reactor.stop()
        }
      }
      caller.send("hello", to: group)
      return {
        #expect(
          arrived.sorted() == ["first again 239.77.1.2", "first hello 239.77.1.2", "second hello 239.77.1.2"])
      }
    }
  }
}

/// UDP sockets by plain system calls.
enum RawDatagrams {
  static func canBind(_ address: SocketAddress) -> Bool {
    let descriptor = Socket.datagram(address.domain)
    defer { Socket.close(descriptor) }
    return descriptor >= 0 && Socket.bind(descriptor, to: address) == 0
  }

  /// A port without a socket. Of an address of its own, so that no other test gets it.
  static func closedPort() -> SocketAddress {
    let descriptor = Socket.datagram(AF_INET)
    defer { Socket.close(descriptor) }
    _ = Socket.bind(descriptor, to: SocketAddress(ip: "127.0.0.9", port: 0)!)
    return Socket.localAddress(descriptor)!
  }
}
