import SwirlDeferred
import SwirlEndpoints
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

/// A client that sends its number, and keeps what comes.
private final class Client: StreamProtocol {
  let number: Int
  private(set) var transport: (any Transport)?
  private(set) var text = ""
  init(_ number: Int) { self.number = number }
  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write("\(number)")
  }
  func dataReceived(_ bytes: Span<UInt8>) {
    text += bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
  func connectionLost(_ end: ConnectionEnd) { transport = nil }
}

/// Notes what comes, and can close.
private final class Served: StreamProtocol {
  private(set) var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
  func connectionLost(_ end: ConnectionEnd) { transport = nil }
}

@Suite(.failsOnUnhandledFailures) struct ClientServiceTests {
  private let network = MemoryNetwork(seed: 5)
  private var reactor: Reactor { network.reactor }
  private final class Log {
    var made = 0
    var states: [String] = []
    var served: [Served] = []
  }
  private let log = Log()

  private func listen() throws -> Listener {
    try reactor.listenTCP(80, interface: "server.test") { [log] _ in
      let served = Served()
      log.served.append(served)
      return served
    }
  }

  private func makeService(
    attempts: Int = .max, firstDelay: Duration = .seconds(1), maximumDelay: Duration = .seconds(60)
  ) -> ClientService<Client> {
    let backoff = Backoff(attempts: attempts, firstDelay: firstDelay, maximumDelay: maximumDelay)
    let service = ClientService("server.test", 80, backoff: backoff, on: reactor) { [log] in
      log.made += 1
      return Client(log.made)
    }
    service.onStateChange = { [log] state in
      switch state {
      case .stopped: log.states.append("stopped")
      case .connecting(let attempt): log.states.append("connecting \(attempt)")
      case .connected: log.states.append("connected")
      case .waiting: log.states.append("waiting")
      case .failed: log.states.append("failed")
      }
    }
    return service
  }

  @Test func `it connects, and again when the connection is lost`() throws {
    let listener = try listen()
    let service = makeService()
    let before = service.whenConnected()
    reactor.run(for: .seconds(1))
    expectNoResult(of: before)
    service.start()
    service.start()
    reactor.run(for: .seconds(1))
    #expect(try successResult(of: before).number == 1)
    #expect(try successResult(of: service.whenConnected()) === service.client)
    network.reset("server.test")
    reactor.run(for: .milliseconds(1))
    #expect(service.client == nil)
    let after = service.whenConnected()
    reactor.run(for: .seconds(3))
    #expect(try successResult(of: after).number == 2)
    #expect(log.states == ["connecting 1", "connected", "waiting", "connecting 2", "connected"])
    #expect(reactor.openHandles.contains { $0.kind == .clientService && $0.peer == "server.test:80" })
    let stopped = service.stop()
    listener.stop()
    reactor.run(for: .seconds(1))
    try successResult(of: stopped)
    #expect(reactor.openHandles.filter { $0.kind == .clientService }.isEmpty && service.client == nil)
  }

  @Test func `pauses grow while it fails, and begin anew after a connection that lasted`() throws {
    let service = makeService()
    service.start()
    reactor.run(for: .seconds(600))
    let failures = log.states.filter { $0 == "waiting" }.count
    // 1, 2, 4 … 60, half of each on the average.
    #expect((10...60).contains(failures))
    let listener = try listen()
    reactor.run(for: .seconds(100))
    #expect(log.states.last == "connected")
    network.reset("server.test")
    reactor.run(for: .seconds(2))
    #expect(log.states.suffix(3) == ["waiting", "connecting 2", "connected"])
    service.stop()
    listener.stop()
  }

  @Test func `a server that accepts and closes gets no attempt without a pause`() throws {
    let listener = try reactor.listenTCP(80, interface: "server.test") { _ in nil }
    let service = makeService()
    service.start()
    reactor.run(for: .seconds(600))
    #expect((10...60).contains(log.made))
    service.stop()
    listener.stop()
  }

  @Test func `waiters fail after their number of attempts, and all when it gives up`() throws {
    let service = makeService(attempts: 5)
    let two = service.whenConnected(failAfter: 2)
    let all = service.whenConnected()
    service.start()
    var made: [Int] = []
    two.addErrback { [log] _ in made.append(log.states.filter { $0 == "waiting" }.count) }
    reactor.run(for: .seconds(600))
    #expect(made == [2])
    #expect(try failureResult(of: all, as: NetError.self).code == .resolve)
    #expect(log.states.last == "failed" && log.states.filter { $0 == "waiting" }.count == 4)
    #expect(try failureResult(of: service.whenConnected(), as: NetError.self).code == .resolve)
    #expect(reactor.openHandles.isEmpty)
    let listener = try listen()
    service.start()
    reactor.run(for: .seconds(1))
    #expect(log.states.last == "connected")
    service.stop()
    listener.stop()
  }

  @Test func `a connection counts when it is prepared, and one that is not is made again`() throws {
    let listener = try listen()
    let service = makeService()
    var preparations: [Deferred<Void>] = []
    service.prepare = { client in
      let preparation = Deferred<Void>()
      preparations.append(preparation)
      return preparation
    }
    service.start()
    let connected = service.whenConnected()
    reactor.run(for: .seconds(1))
    expectNoResult(of: connected)
    preparations[0].errback(NetError(.read, "login", reason: "wrong password"))
    reactor.run(for: .seconds(5))
    #expect(preparations.count == 2 && log.served[0].transport == nil)
    preparations[1].callback(())
    #expect(try successResult(of: connected).number == 2)
    service.prepare = { _ in throw NetError(.read, "login", reason: "not now") }
    network.reset("server.test")
    reactor.run(for: .seconds(20))
    #expect(log.states.filter { $0 == "waiting" }.count > 2 && service.client == nil)
    service.stop()
    listener.stop()
    reactor.run(for: .seconds(1))
    #expect(reactor.openHandles.isEmpty)
  }

  @Test(arguments: ["connecting", "waiting", "connected", "preparing"])
  func `a stop at any moment ends it, and cancels its waiters`(moment: String) throws {
    let listener = moment == "waiting" ? nil : try listen()
    let service = makeService()
    if moment == "preparing" { service.prepare = { _ in Deferred() } }
    let waiter = moment == "connected" ? nil : service.whenConnected()
    service.start()
    if moment != "connecting" { reactor.run(for: .milliseconds(50)) }
    let stopped = service.stop()
    let again = service.stop()
    if let waiter { _ = try failureResult(of: waiter, as: CancelledError.self) }
    listener?.stop()
    reactor.run(for: .seconds(100))
    try successResult(of: stopped)
    try successResult(of: again)
    #expect(log.states.last == "stopped" && reactor.openHandles.isEmpty && service.client == nil)
    #expect(log.made == (moment == "connected" || moment == "preparing" ? 1 : 0))
  }

  @Test func `stopped and started at once, the old connection does not end the new one`() throws {
    let listener = try listen()
    let service = makeService()
    service.start()
    reactor.run(for: .seconds(1))
    let stopped = service.stop()
    service.start()
    reactor.run(for: .seconds(1))
    try successResult(of: stopped)
    #expect(service.client?.number == 2 && log.states.suffix(3) == ["stopped", "connecting 1", "connected"])
    service.stop()
    listener.stop()
  }

  @Test func `a cancelled waiter leaves the others`() throws {
    let listener = try listen()
    let service = makeService()
    let (first, second) = (service.whenConnected(), service.whenConnected())
    first.cancel()
    service.start()
    reactor.run(for: .seconds(1))
    _ = try failureResult(of: first, as: CancelledError.self)
    #expect(try successResult(of: second).number == 1)
    service.stop()
    listener.stop()
  }

  @Test func `ten thousand connections leave nothing`() throws {
    let listener = try listen()
    let service = makeService(firstDelay: .milliseconds(1), maximumDelay: .milliseconds(1))
    service.start()
    for _ in 0..<10_000 {
      reactor.run(for: .milliseconds(20))
      network.reset("server.test")
      log.served.removeAll()
    }
    #expect(log.made > 5000)
    service.stop()
    listener.stop()
    reactor.run(for: .seconds(1))
    #expect(reactor.openHandles.isEmpty)
  }

  @Test func `a reactor that is released releases it`() throws {
    weak var witness: ClientService<Client>?
    do {
      let network = MemoryNetwork()
      let service = ClientService("server.test", 80, on: network.reactor) { Client(1) }
      witness = service
      service.onStateChange = { _ in _ = service.client }
      service.start()
      network.reactor.run(for: .seconds(10))
      #expect(witness != nil)
    }
    #expect(witness == nil)
  }

  @Test func `an endpoint says where`() throws {
    let listener = try listen()
    let service = try ClientService(to: "tcp:server.test:80:timeout=5", on: reactor) { Client(7) }
    service.start()
    reactor.run(for: .seconds(1))
    #expect(service.client?.text == "7")
    service.stop()
    listener.stop()
    #expect(throws: EndpointError.self) { try ClientService(to: "tcp:server.test", on: reactor) { Client(1) } }
  }
}
