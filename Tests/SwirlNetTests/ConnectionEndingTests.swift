import SwirlDeferred
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet

/// After each way in which a connection can end, all timers and queued calls fire.
@Suite(.failsOnUnhandledFailures) struct ConnectionEndingTests {
  enum Way: String, CaseIterable {
    case close, closeWithin, closeTwice, abort, abortAfterClose, closeAfterAbort, farCloses, farResets,
      halfClosedHereFirst
    case halfClosedThereFirst, writeFails, handedOver, closeUnsent, abortUnsent, reactorCrashes, reactorGoes
  }

  @Test(arguments: Way.allCases) func `the end is reported once, and nothing fires after it`(way: Way) throws {
    var reactor: Reactor? = Reactor()
    let recorder = Recorder { $0.keepsTransport = way != .reactorGoes }
    let successor = Recorder()
    var made: (transport: SocketTransport, far: RawSocket)? = reactor!.startPair(recorder)
    end(made!.transport, made!.far, way, on: reactor!, successor)
    if way == .reactorCrashes {
      reactor!.callSoon { [unowned reactor] in reactor!.crash() }
      reactor!.run()
    }
    let far = made!.far
    if way != .reactorGoes { letAllFire(reactor!) }
    made = nil
    reactor = nil
    let told = way == .handedOver ? successor : recorder
    #expect(told.events.filter { $0 == "lost" }.count == (way == .reactorGoes ? 0 : 1))
    if way != .reactorGoes { #expect(told.events.last == "lost") }
    if way == .handedOver { #expect(recorder.events == ["made"]) }
    withExtendedLifetime(far) {}
  }

  private func end(
    _ transport: SocketTransport, _ far: RawSocket, _ way: Way, on reactor: Reactor, _ successor: Recorder
  ) {
    // In every case a time limit runs that is not reached.
    transport.setLimits(.milliseconds(50))
    switch way {
    case .close, .reactorCrashes, .reactorGoes: transport.close()
    case .closeWithin: transport.close(within: .milliseconds(1))
    case .closeTwice:
      transport.close()
      transport.close(within: .milliseconds(1))
    case .abort: transport.abort()
    case .abortAfterClose:
      transport.close()
      transport.abort()
    case .closeAfterAbort:
      transport.abort()
      transport.close(within: .milliseconds(1))
    case .farCloses: far.close()
    case .farResets: far.reset()
    case .halfClosedHereFirst:
      transport.closeWrite()
      far.closeWrite()
    case .halfClosedThereFirst:
      far.closeWrite()
      reactor.callLater(.milliseconds(1)) { transport.closeWrite() }
    case .writeFails:
      transport.write("unread")
      far.close()
      transport.write("more")
      transport.write("and more")
    case .handedOver:
      transport.streamProtocol = successor
      transport.close()
    case .closeUnsent:
      transport.write([UInt8](repeating: 0, count: 10_000_000))
      transport.close(within: .milliseconds(1))
    case .abortUnsent:
      transport.write([UInt8](repeating: 0, count: 10_000_000))
      transport.close(within: .milliseconds(1))
      transport.abort()
    }
  }

  /// Runs until no call is pending, and a few turns more.
  private func letAllFire(_ reactor: Reactor) {
    var turns = 0
    func look() {
      turns += 1
      if reactor.delayedCalls.count <= 1, turns > 20 { return reactor.stop() }
      reactor.callSoon { look() }
    }
    let guardCall = reactor.callLater(.seconds(20)) {
      Issue.record("calls are left after 20 seconds")
      reactor.crash()
    }
    look()
    reactor.run()
    guardCall.cancel()
  }

  @Test func `a proxy that answers and resets fails the tunnel, and nothing else`() {
    final class Negotiation: TunnelNegotiation {
      func begin() -> [UInt8] { Array("connect".utf8) }
      func received(_ bytes: Span<UInt8>) throws(NetError) -> TunnelProgress { .done }
    }
    withReactor { reactor in
      let (near, far) = connectedPair()
      let transport = SocketTransport(near, peer: SocketAddress(ip: "127.0.0.1", port: 9), on: reactor)
      var outcomes: [TunnelHandshake.Outcome] = []
      let handshake = TunnelHandshake(transport, Negotiation(), proxy: "p") { outcome in
        outcomes.append(outcome)
        reactor.callSoon { reactor.callSoon { reactor.stop() } }
      }
      far.send("welcome")
      // Closing with unread bytes sends a reset, which the next write meets; earlier bytes are still delivered.
      far.close()
      transport.write("more")
      return {
        guard outcomes.count == 1, case .failed(let error) = outcomes[0], error.code == .proxy else {
          Issue.record("\(outcomes)")
          return
        }
        withExtendedLifetime(handshake) {}
      }
    }
  }
}

extension SocketTransport {
  /// A time limit that is not reached before the connection ends otherwise.
  fileprivate func setLimits(_ limit: Duration) {
    reactor.callLater(limit) { [weak self] in self?.abort() }
    reactor.callLater(limit) { [weak self] in self?.close() }
    reactor.callSoon { [weak self] in self?.resumeReading() }
  }
}
