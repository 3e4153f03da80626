#if HTTP2
import HTTPTypes
import Swirl
import SwirlDeferred
import SwirlHTTPServer
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient

/// A client and a server that do everything at random, in both versions of HTTP.
@Suite struct RandomTrafficTests {
  private static let versions = [HTTPClient.HTTP2Use.off, .priorKnowledge]

  @Test(arguments: 1...3 as ClosedRange<UInt64>, versions)
  func `each request has one result, and nothing stays`(seed: UInt64, use: HTTPClient.HTTP2Use) throws {
    let traffic = try Traffic(seed: seed, use)
    for _ in 0..<60 { traffic.next() }
    let end = traffic.reactor.now.advanced(by: .seconds(300))
    while traffic.results.count < Traffic.requests, traffic.reactor.now < end {
      traffic.reactor.run(for: .seconds(1))
    }
    #expect(traffic.results.count == Traffic.requests && traffic.results.values.allSatisfy { $0 == 1 })
    #expect(traffic.answered > Traffic.requests / 10)
    traffic.client.close()
    traffic.server.stop(within: .seconds(1)).addErrback { _ in }
    traffic.reactor.run(for: .seconds(5))
    #expect(traffic.server.connectionCount == 0 && traffic.client.counts == HTTPClient.Counts())
    // The client itself is listed.
    #expect(traffic.reactor.openHandles.count == 1, "\(traffic.reactor.openHandles)")
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>, versions)
  func `a reactor that is released in the middle releases client and server`(
    seed: UInt64, use: HTTPClient.HTTP2Use
  ) throws {
    weak var client: HTTPClient?
    weak var server: HTTPServer?
    weak var reactor: Reactor?
    do {
      let traffic = try Traffic(seed: seed, use, awaits: false)
      for _ in 0..<60 { traffic.next() }
      traffic.reactor.run(for: .milliseconds(Int(seed) * 37))
      (client, server, reactor) = (traffic.client, traffic.server, traffic.reactor)
    }
    #expect(client == nil && server == nil && reactor == nil)
  }
}

private struct Broken: Error {}

private final class Traffic {
  static let requests = 1000

  private let network: MemoryNetwork
  private var random: SeededGenerator
  private(set) var server: HTTPServer!
  private(set) var client: HTTPClient!
  private var port = 0
  private var started = 0
  /// How many results each request has had.
  private(set) var results: [Int: Int] = [:]
  /// How many were answered with 200.
  private(set) var answered = 0
  /// Whether some handlers are tasks, which end later than their reactor.
  private let awaits: Bool

  var reactor: Reactor { network.reactor }

  init(seed: UInt64, _ use: HTTPClient.HTTP2Use, awaits: Bool = true) throws {
    network = MemoryNetwork(seed: seed)
    random = SeededGenerator(seed: seed)
    self.awaits = awaits
    var configuration = HTTPServer.Configuration()
    configuration.streamsPerConnection = Int.random(in: 1...30, using: &random)
    configuration.handlerTimeout = .seconds(3)
    server = HTTPServer.streaming(configuration: configuration) { [unowned self] in handle($0) }
    server.logger = LogLines().logger()
    var settings = HTTPClient.Configuration()
    settings.http2 = use
    settings.timeout = .seconds(20)
    client = HTTPClient(settings, on: network.reactor)
    listen()
  }

  private func listen() { port = Int((try? server.listen(port, on: reactor).localAddress.port) ?? 0) }

  private func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

  private func later(_ body: @escaping () -> Void) { reactor.callLater(.microseconds(pick(0..<50_000)), body) }

  // MARK: - The server

  private func handle(_ request: HTTPServer.StreamedRequest) -> Deferred<HTTPServer.Response> {
    let path = request.path
    switch pick(0..<12) {
    case 0: return .fail(Broken())
    case 1: return Deferred()
    case 2:
      let answer = Deferred<HTTPServer.Response>(canceller: { _ in })
      later { if !answer.isFired { answer.callback(.text(path)) } }
      return answer
    case 3, 4: return .succeed(.stream { [unowned self] in write(path, to: $0) })
    // Not as long as it says.
    case 5: return .succeed(.stream(length: 10) { $0.end() })
    case 6 where awaits:
      return Deferred {
        for try await _ in request.body {}
        return .text(path)
      }
    case 7 where awaits:
      return Deferred {
        for try await _ in request.body { break }
        return .text(path)
      }
    case 8: return .succeed(.bytes([UInt8](repeating: 1, count: pick(0..<500_000))))
    case 9 where pick(0..<20) == 0:
      server.stop(within: .milliseconds(pick(0..<50))).addErrback { _ in }
      later { [unowned self] in listen() }
      return .succeed(.text("last"))
    default: return .succeed(.text(path))
    }
  }

  private func write(_ path: String, to writer: HTTPServer.BodyWriter) {
    writer.write(path)
    let (size, end) = (pick(0..<200_000), pick(0..<4))
    later {
      writer.write([UInt8](repeating: 1, count: size))
      // The timeout of the client ends it.
      if end == 0 { return }
      writer.end()
      if end == 1 { writer.write("late") }
    }
  }

  // MARK: - The client

  /// Begins a request, and after its result the next one.
  func next() {
    guard started < Self.requests else { return }
    started += 1
    let number = started
    var request = HTTPClient.Request("http://127.0.0.1:\(port)/\(number)")
    switch pick(0..<5) {
    case 0:
      request.method = .post
      request.body = .bytes([UInt8](repeating: 1, count: pick(0..<300_000)))
    case 1:
      request.method = .post
      request.body = content(pieces: pick(0..<40), failsAt: pick(0..<80))
      request.expectsContinue = pick(0..<3) == 0
    default: break
    }
    if pick(0..<10) == 0 { request.timeout = .milliseconds(pick(1..<200)) }
    var running: Deferred<HTTPClient.Response>?
    let place = pick(0..<12)
    func act(_ isHere: Bool, _ how: Int) throws {
      if isHere, how == 0 { running?.cancel() }
      if isHere, how == 1 { throw Broken() }
    }
    let work = client.fetch(request, onHead: { _ in try act(place < 2, place) }) { _ in try act(place >= 2, place - 2) }
    running = work
    work.addBoth { [unowned self] result in
      running = nil
      results[number, default: 0] += 1
      if case .success(let response) = result, response.status.code == 200 { answered += 1 }
      later { [unowned self] in next() }
    }
    if place == 4 { work.cancel() }
    if place == 5 { later { work.cancel() } }
  }

  private func content(pieces: Int, failsAt: Int) -> HTTPClient.Body {
    .producer {
      var count = 0
      return {
        count += 1
        if count == failsAt { return .fail(Broken()) }
        return .succeed(count > pieces ? nil : [UInt8](repeating: 1, count: 10_000))
      }
    }
  }
}
#endif
