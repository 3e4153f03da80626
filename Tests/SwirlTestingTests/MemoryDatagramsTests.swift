import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@Suite struct MemoryDatagramsTests {
  private func echo(on network: MemoryNetwork) throws {
    try network.reactor.listenUDP(53, interface: "server.test") { datagram, socket in
      socket.reply(to: datagram, datagram.bytes)
    }
  }

  @Test func `Datagrams take the time of their link there and back`() throws {
    let network = MemoryNetwork(link: .init(latency: .milliseconds(5)))
    try echo(on: network)
    let start = network.reactor.now
    var answers: [String] = []
    network.reactor.connectUDP("server.test", 53) { datagram, _ in
      answers.append("\(datagram.text) after \(network.reactor.now - start)")
    }.addCallback { $0.send("hello") }
    network.reactor.run(for: .seconds(1))
    #expect(answers == ["hello after 0.01 seconds"])
  }

  @Test func `They are lost as often as the link says, and their order changes with its jitter`() throws {
    var link = MemoryNetwork.Link(jitter: .milliseconds(20))
    link.loss = 0.25
    let network = MemoryNetwork(seed: 3, link: link)
    try echo(on: network)
    var answers: [Int] = []
    network.reactor.connectUDP("server.test", 53) { datagram, _ in answers.append(Int(datagram.text)!) }
      .addCallback { socket in for number in 0..<1000 { socket.send("\(number)") } }
    network.reactor.run(for: .seconds(1))
    #expect((450...700).contains(answers.count))
    #expect(answers != answers.sorted() && Set(answers).count == answers.count)
  }

  @Test func `A port without a socket refuses, a host that is cut off says nothing`() throws {
    let network = MemoryNetwork()
    try echo(on: network)
    network.cut("server.test")
    var errors: [String] = []
    for port in [53, 54] {
      network.reactor.connectUDP("server.test", port).addCallback { socket in
        socket.send("anyone?")
        socket.receive().addErrback { errors.append("\(port) \($0)") }
      }
    }
    network.reactor.run(for: .seconds(1))
    #expect(errors.isEmpty)
    network.mend("server.test")
    network.reactor.connectUDP("server.test", 54).addCallback { socket in
      socket.send("anyone?")
      socket.receive().addErrback { errors.append("\(($0 as? NetError)?.reason ?? "")") }
    }
    network.reactor.run(for: .seconds(1))
    #expect(errors == ["connection refused: nothing listens there"])
  }

  @Test func `A group's members get what is sent to it`() throws {
    let network = MemoryNetwork()
    var options = DatagramOptions()
    options.reusesAddress = true
    var arrived: [String] = []
    for name in ["one", "two", "three"] {
      let socket = try network.reactor.listenUDP(5353, interface: "", options: options) { datagram, _ in
        arrived.append("\(name): \(datagram.text)")
      }
      if name != "three" { try socket.join("224.0.0.251") }
    }
    let sender = try network.reactor.listenUDP(0) { _, _ in }
    sender.send("hello", to: SocketAddress(ip: "224.0.0.251", port: 5353)!)
    network.reactor.run(for: .seconds(1))
    #expect(arrived == ["one: hello", "two: hello"])
  }

  @Test func `What the receive buffer has no room for is lost and counted`() throws {
    let network = MemoryNetwork(link: .init(bufferSize: 1000))
    let server = try network.reactor.listenUDP(9, interface: "server.test") { _, _ in }
    server.pauseReading()
    network.reactor.connectUDP("server.test", 9).addCallback { socket in
      for _ in 0..<20 { socket.send([UInt8](repeating: 1, count: 100)) }
    }
    network.reactor.run(for: .seconds(1))
    server.resumeReading()
    network.reactor.run(for: .seconds(1))
    #expect(server.counts.received == 10 && server.counts.missed == 10)
  }
}
