import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@Suite(.failsOnUnhandledFailures) struct MemoryNetworkTests {
  let network = MemoryNetwork(seed: 5, link: .init(latency: .milliseconds(10)))
  var reactor: Reactor { network.reactor }

  @discardableResult
  private func serve(_ name: String = "server.test", _ port: Int = 7) throws -> Served {
    let served = Served()
    served.listener = try reactor.listenTCP(port, interface: name) { _ in served.makeProtocol() }
    return served
  }

  /// What a listener has made.
  private final class Served {
    var listener: Listener!
    var protocols: [RecordingProtocol] = []
    func makeProtocol() -> RecordingProtocol {
      let made = RecordingProtocol()
      protocols.append(made)
      return made
    }
  }

  private func connect(_ name: String = "server.test", _ port: Int = 7) -> RecordingProtocol {
    let client = RecordingProtocol()
    reactor.connectTCP(name, port) { client }.addErrback { _ in }
    return client
  }

  @Test func `A connect takes a round trip, and each byte the latency`() throws {
    let served = try serve()
    let start = reactor.now
    var times: [Duration] = []
    reactor.connectTCP("server.test", 7) { RecordingProtocol() }.addCallback { [reactor] client in
      times.append(reactor.now - start)
      client.transport?.write("hello")
    }
    let hook = reactor.addLoopHook(.afterWaiting) { [reactor] in
      if times.count == 1, served.protocols[0].receivedText == "hello" { times.append(reactor.now - start) }
    }
    reactor.run(for: .seconds(1))
    reactor.removeLoopHook(hook)
    #expect(times == [.milliseconds(20), .milliseconds(30)])
    #expect(served.protocols[0].transport?.localAddress == served.listener.localAddress)
    #expect(reactor.openHandles.map(\.kind) == [.listener, .connection, .connection])
    served.protocols[0].transport?.close()
    served.listener.stop()
    reactor.runUntilIdle()
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `A port where nothing listens refuses, an unknown name is not resolved, a cut host does not answer`()
    throws
  {
    let start = reactor.now
    var failures: [String] = []
    network.addHost("empty.test")
    network.addHost("cut.test")
    network.cut("cut.test")
    for (name, limit) in [("empty.test", 30), ("unknown.test", 30), ("cut.test", 3)] {
      reactor.connectTCP(name, 7, timeout: .seconds(limit)) { RecordingProtocol() }.addErrback { [reactor] error in
        failures.append("\(reactor.now - start): \(error)")
        throw error
      }.addErrback { _ in }
    }
    reactor.runUntilIdle()
    #expect(
      failures == [
        "0.0 seconds: resolve unknown.test: the network in memory has no host of that name",
        "0.02 seconds: connect to empty.test:7: connection refused: nothing listens there",
        "3.0 seconds: connect to cut.test:7: no answer within 3.0 seconds",
      ])
  }

  @Test(arguments: [1, 7, 64 * 1024]) func `A large body arrives whole, whatever the segments and the buffer`(size: Int)
    throws
  {
    network.link.segmentSize = 1...size
    network.link.jitter = .milliseconds(3)
    network.link.bufferSize = 3000
    let served = try serve()
    let client = connect()
    let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    reactor.callLater(.seconds(1)) {
      client.transport?.write(bytes)
      client.transport?.close()
    }
    reactor.run(for: .seconds(60))
    #expect(served.protocols[0].received == bytes)
    #expect(served.protocols[0].end?.code == .closed && client.end?.code == .closed)
  }

  @Test func `Bytes that are cut off arrive when the link is mended, in their order`() throws {
    let served = try serve()
    let client = connect()
    reactor.run(for: .seconds(1))
    network.cut("server.test")
    client.transport?.write("one ")
    reactor.run(for: .seconds(60))
    #expect(served.protocols[0].receivedText == "")
    client.transport?.write("two")
    reactor.run(for: .seconds(1))
    network.mend("server.test")
    reactor.run(for: .seconds(1))
    #expect(served.protocols[0].receivedText == "one two")
    client.transport?.close()
    reactor.run(for: .seconds(1))
  }

  @Test func `A host that is reset breaks its connections at both ends`() throws {
    let served = try serve()
    let client = connect()
    reactor.run(for: .seconds(1))
    network.reset("server.test")
    reactor.run(for: .seconds(1))
    #expect(client.end?.code == .failed && served.protocols[0].end?.code == .failed)
    #expect(reactor.openHandles.map(\.kind) == [.listener])
  }

  @Test func `A reader that pauses holds the writer back, and a slow link takes its time`() throws {
    network.link.bufferSize = 1000
    network.link.bytesPerSecond = 1000
    let served = try serve()
    let client = connect()
    reactor.run(for: .seconds(1))
    served.protocols[0].transport?.pauseReading()
    client.transport?.waterMarks = WaterMarks(high: 100, low: 0)
    client.transport?.write([UInt8](repeating: 1, count: 3000))
    reactor.run(for: .seconds(60))
    #expect(client.events.last == .pause && client.transport?.bufferedBytes == 2000)
    let start = reactor.now
    served.protocols[0].transport?.resumeReading()
    client.transport?.close()
    reactor.runUntilStopped { served.protocols[0].end != nil }
    #expect(served.protocols[0].received.count == 3000)
    #expect(reactor.now - start >= .seconds(2) && reactor.now - start < .seconds(3))
  }

  @Test func `Two runs with one seed take the same times, with another they do not`() throws {
    func run(seed: UInt64) throws -> [Duration] {
      let network = MemoryNetwork(
        seed: seed, link: .init(latency: .milliseconds(5), jitter: .milliseconds(20), segmentSize: 1...9))
      let reactor = network.reactor
      let server = HTTPServer { .text("\($0.path) ") }
      try server.listen(80, interface: "server.test", on: reactor)
      let client = HTTPClient(on: reactor)
      let start = reactor.now
      var times: [Duration] = []
      for number in 0..<20 {
        client.fetch(.init("http://server.test/\(number)")) { result in
          let text = try result.get().text
          #expect(text == "/\(number) ")
          times.append(reactor.now - start)
        }
      }
      reactor.run(for: .seconds(5))
      client.close()
      _ = server.stop()
      reactor.run(for: .seconds(60))
      return times
    }
    let times = try run(seed: 3)
    #expect(times.count == 20)
    let (again, other) = (try run(seed: 3), try run(seed: 4))
    #expect(times == again && times != other)
  }
}

extension Reactor {
  /// Runs until `isDone`, or for a day of its time.
  fileprivate func runUntilStopped(_ isDone: @escaping () -> Bool) {
    let hook = addLoopHook(.beforeWaiting) { [unowned self] in if isDone() { crash() } }
    run(for: .seconds(86_400))
    removeLoopHook(hook)
  }
}
