import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTLS
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

/// The suites of the client.
@Suite enum HTTPClientTests {}

/// A reactor, a raw server and a client on it, which run on the test's thread.
final class ClientBench {
  /// What connects the client and the server.
  enum Network {
    /// Sockets of the kernel, in real time.
    case sockets
    /// A network in memory without latency, in virtual time: for tests of limits in time.
    case memory
  }

  let reactor: Reactor
  let network: MemoryNetwork?
  let server: RawServer
  private(set) var client: HTTPClient!
  /// The results in order: the target and `200 body`, or the code of the error.
  private(set) var log: [String] = []
  fileprivate var pending = 0
  private var hasEnded = false

  /// Far more than any test takes, on any machine.
  static let guardTime = Duration.seconds(120)

  /// - Parameters:
  ///   - authority: signs the server's certificate; nil for a server without TLS.
  ///   - network: what connects them.
  init(
    _ configuration: HTTPClient.Configuration = .init(), authority: TestAuthority? = nil,
    on network: Network = .sockets,
    _ answer: @escaping (RawRequest) -> Void = { $0.answer("hello") }
  ) throws {
    self.network = network == .memory ? MemoryNetwork(seed: 1, link: .init(latency: .zero)) : nil
    reactor = self.network?.reactor ?? Reactor()
    var configuration = configuration
    if let authority { configuration.tls.roots = [authority.root] }
    if authority == nil { configuration = configuration.inCurrentVersion }
    server = try RawServer(on: reactor, tls: authority.map { .server($0.identity(for: "127.0.0.1")) }, answer)
    server.network = self.network
    client = HTTPClient(configuration, on: reactor)
  }

  // MARK: - Fetching

  /// Fetches a target of the server, or a whole URL.
  @discardableResult
  func fetch(
    _ target: String, _ form: Outcome.Form = .callback, method: HTTPRequest.Method = .get, headers: HTTPFields = [:],
    body: [UInt8]? = nil, timeout: Duration? = nil, then done: @escaping (Outcome) -> Void = { _ in }
  ) -> Outcome {
    let url = target.hasPrefix("/") ? server.url + target : target
    let request = HTTPClient.Request(
      url, method: method, headers: headers, body: body.map { .bytes($0) }, timeout: timeout)
    return fetch(request, form, as: target, then: done)
  }

  @discardableResult
  func fetch(
    _ request: HTTPClient.Request, _ form: Outcome.Form = .callback, as target: String? = nil,
    then done: @escaping (Outcome) -> Void = { _ in }
  ) -> Outcome {
    let target = target ?? request.url
    let outcome = Outcome(target)
    pending += 1
    let receive = { [unowned self, outcome] (result: Result<HTTPClient.Response, any Error>) in
      outcome.receive(result)
      guard outcome.count == 1 else { return }
      pending -= 1
      log.append("\(target) \(outcome)")
      done(outcome)
    }
    switch form {
    case .callback:
      let exchange = client.fetch(request, receive)
      outcome.exchange = exchange
      outcome.cancelNow = { [weak exchange] in exchange?.cancel() }
    case .deferred:
      let deferred = client.fetch(request)
      outcome.deferred = deferred
      outcome.deferred = deferred
      outcome.cancelNow = { [weak deferred] in deferred?.cancel() }
      deferred.addBoth(receive)
    }
    outcome.hasReturned = true
    return outcome
  }

  // MARK: - Running

  /// Runs the loop until `condition`, and then a few turns more, in which no result may arrive twice.
  func run(until condition: @escaping () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    let guardCall = reactor.callLater(Self.guardTime) { [unowned self] in
      Issue.record("it hangs after \(log.count): \(log.suffix(20))", sourceLocation: sourceLocation)
      reactor.crash()
    }
    func look() {
      if condition() { return turn(5) }
      reactor.callLater(.milliseconds(1)) { look() }
    }
    func turn(_ count: Int) {
      if count == 0 { return reactor.stop() }
      reactor.callSoon { turn(count - 1) }
    }
    reactor.callSoon { look() }
    reactor.run()
    guardCall.cancel()
  }

  /// Runs the loop until all fetches have a result.
  func run(sourceLocation: SourceLocation = #_sourceLocation) {
    run(until: { [unowned self] in pending == 0 }, sourceLocation: sourceLocation)
  }

  /// Runs the loop for `duration`.
  func run(for duration: Duration) {
    var isOver = false
    reactor.callLater(duration) { isOver = true }
    run(until: { isOver })
  }

  /// Releases the client.
  func dropClient() { client = nil }

  /// Closes the client; then all descriptors and pool places must be free.
  func end(sourceLocation: SourceLocation = #_sourceLocation) {
    client?.close()
    run(
      until: { [unowned self] in server.isIdle && (client?.connections ?? 0) == 0 },
      sourceLocation: sourceLocation)
    #expect(openSockets == 1, "besides the listener", sourceLocation: sourceLocation)
    server.listener.stop()
    // These closures may capture the bench.
    server.answer = { _ in }
    server.onConnect = { _ in }
    if network == nil { reactor.resolver.lookup = { _ in Deferred() } }
  }

  /// The sockets of this process that involve the server: both ends of each connection, and the listener.
  var openSockets: Int { server.sockets.connected + server.sockets.atPort }
}

/// Text of `count` bytes that reveals a missing, duplicated or misplaced part.
func pattern(_ count: Int) -> [UInt8] {
  Array(unsafeUninitializedCapacity: count) { bytes, initialized in
    for index in 0..<count { bytes[index] = 0x20 + UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) & 0x3F }
    initialized = count
  }
}
