import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

/// A client that counts as open until its connection has ended.
private final class Client: StreamProtocol {
  private(set) var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) {}
  func connectionLost(_ end: ConnectionEnd) { transport = nil }
}

private final class Silent: StreamProtocol {
  func connectionMade(_ transport: any Transport) { transport.pauseReading() }
  func dataReceived(_ bytes: Span<UInt8>) {}
}

/// Callbacks of a service stop it, and start it again.
@Suite(.failsOnUnhandledFailures) struct ClientServiceCallbackTests {
  private let network = MemoryNetwork(seed: 6)
  private var reactor: Reactor { network.reactor }
  private final class Log {
    var clients: [Client] = []
    var accepted = 0
    var hasDone = false
    var open: Int { clients.count { $0.transport != nil } }

    /// Calls `body` the first time.
    func once(_ body: () -> Void) {
      if hasDone { return }
      hasDone = true
      body()
    }
  }
  private let log = Log()

  private func listen() throws -> Listener {
    try reactor.listenTCP(80, interface: "server.test") { [log] _ in
      log.accepted += 1
      return Silent()
    }
  }

  private func makeService(
    attempts: Int = .max, onMake: @escaping () -> Void = {}
  ) -> ClientService<Client> {
    let backoff = Backoff(attempts: attempts, firstDelay: .seconds(1), maximumDelay: .seconds(1))
    return ClientService("server.test", 80, backoff: backoff, on: reactor) { [log] in
      onMake()
      let client = Client()
      log.clients.append(client)
      return client
    }
  }

  private func expectConnected(_ service: ClientService<Client>, accepted: Int) {
    reactor.run(for: .seconds(10))
    #expect(service.client != nil && log.open == 1 && log.accepted == accepted)
    service.stop()
    expectStopped(service)
  }

  private func expectStopped(_ service: ClientService<Client>) {
    reactor.run(for: .seconds(10))
    guard case .stopped = service.state else {
      Issue.record("\(service.state)")
      return
    }
    #expect(service.client == nil && log.open == 0 && !reactor.openHandles.contains { $0.kind == .clientService })
  }

  @Test(arguments: ["connecting", "connected", "stopped"])
  func `a hook that stops it and starts it again makes one connection`(_ state: String) throws {
    let listener = try listen()
    let service = makeService()
    service.onStateChange = { [log, unowned service] new in
      guard "\(new)".hasPrefix(state) else { return }
      log.once {
        if state != "stopped" { service.stop() }
        service.start()
      }
    }
    service.start()
    if state == "stopped" {
      reactor.run(for: .seconds(1))
      service.stop()
    }
    expectConnected(service, accepted: state == "connecting" ? 1 : 2)
    listener.stop()
  }

  @Test func `a hook that starts it when it has given up is not overruled`() throws {
    let service = makeService(attempts: 1)
    var listener: Listener?
    service.onStateChange = { [log, unowned service] state in
      guard case .failed = state else { return }
      log.once {
        listener = try? listen()
        service.start()
      }
    }
    service.start()
    reactor.run(for: .seconds(1))
    #expect(reactor.openHandles.contains { $0.kind == .clientService })
    expectConnected(service, accepted: 1)
    listener?.stop()
  }

  @Test func `a waiter that stops it and starts it again makes one connection`() throws {
    let service = makeService()
    var listener: Listener?
    service.whenConnected(failAfter: 1).addBoth { [unowned service] _ in
      listener = try listen()
      service.stop()
      service.start()
    }
    service.start()
    expectConnected(service, accepted: 1)
    listener?.stop()
  }

  @Test(arguments: ["make", "prepare", "connected"])
  func `stopped while a connection is made, it has none`(_ place: String) throws {
    let listener = try listen()
    var service: ClientService<Client>!
    service = makeService { if place == "make" { service.stop() } }
    if place == "prepare" {
      service.prepare = { _ in
        service.stop()
        return .succeed(())
      }
    }
    var late: Deferred<Client>?
    service.onStateChange = { state in
      guard case .connected = state, place == "connected" else { return }
      service.stop()
      late = service.whenConnected()
    }
    service.start()
    expectStopped(service)
    if let late { expectNoResult(of: late) }
    listener.stop()
    service = nil
  }

  @Test func `a waiter that stops it fails the others`() throws {
    let listener = try listen()
    let service = makeService()
    let first = service.whenConnected().addCallback { [unowned service] _ in service.stop() }
    let second = service.whenConnected()
    service.start()
    expectStopped(service)
    _ = try successResult(of: first)
    _ = try failureResult(of: second, as: CancelledError.self)
    listener.stop()
  }

  @Test func `released after stop, the Deferred of that fires`() throws {
    let listener = try listen()
    weak var witness: ClientService<Client>?
    var service: ClientService<Client>? = makeService()
    witness = service
    service?.start()
    reactor.run(for: .seconds(1))
    let stopped = service?.stop()
    service = nil
    reactor.run(for: .seconds(1))
    try successResult(of: try #require(stopped))
    #expect(witness == nil && log.open == 0)
    listener.stop()
  }

  @Test func `a reactor that is released while a connection is closing releases the service`() throws {
    weak var witness: ClientService<Client>?
    do {
      let network = MemoryNetwork()
      _ = try network.reactor.listenTCP(80, interface: "server.test") { _ in Silent() }
      let service = ClientService("server.test", 80, on: network.reactor) { Client() }
      witness = service
      service.start()
      network.reactor.run(for: .seconds(1))
      service.client?.transport?.write([UInt8](repeating: 0, count: 10_000_000))
      service.stop()
    }
    #expect(witness == nil)
  }

  @Test func `a connection that cannot be prepared, and whose peer does not read, is given up`() throws {
    let listener = try listen()
    let service = makeService()
    service.prepare = { client in
      client.transport?.write([UInt8](repeating: 0, count: 10_000_000))
      throw NetError(.read, "login", reason: "wrong password")
    }
    service.start()
    reactor.run(for: .seconds(60))
    #expect(log.accepted > 3)
    service.prepare = nil
    reactor.run(for: .seconds(60))
    #expect(service.client != nil)
    service.stop()
    expectStopped(service)
    listener.stop()
  }
}
