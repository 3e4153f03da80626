import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlPlatform
import Testing

@testable import SwirlReactor

/// Slow callbacks that no place made: events of descriptors, and tasks.
@Suite struct SlowEventTests {
  private let reactor = Reactor()

  private func spin() {
    let start = SystemClock.monotonic
    while SystemClock.monotonic - start < 3_000_000 {}
  }

  /// The slow callbacks of a fetch whose `addCallback` is slow, and the server's port.
  private func fetchSlowly(threshold: Duration?) throws -> (logs: [String], port: Int) {
    let listener = try HTTPServer { _ in .text("hello") }.listen(0, on: reactor)
    let port = listener.localAddress.port
    let client = HTTPClient(on: reactor)
    let logs = recordedLogs {
      reactor.slowCallbackThreshold = threshold
      client.fetch(HTTPClient.Request("http://127.0.0.1:\(port)/"))
        .addCallback { _ in spin() }
        .addBoth { [reactor] _ in reactor.stop() }
      reactor.runGuarded()
    }
    client.close()
    return (logs, port)
  }

  @Test func `the callback of a response is slow: the log names the peer`() throws {
    let (logs, port) = try fetchSlowly(threshold: .milliseconds(3))
    let slow = logs.filter { $0.contains("(connected with 127.0.0.1:\(port))") }
    // On a busy machine other events of the connection may be slow too.
    #expect(!slow.isEmpty, "\(logs)")
    #expect(slow.first?.hasPrefix("warning: what the event of descriptor ") == true)
    #expect(slow.first?.hasSuffix(" ms; nothing else ran meanwhile") == true)
  }

  @Test func `without a threshold, and once it is removed, no event is measured`() throws {
    reactor.slowCallbackThreshold = .milliseconds(3)
    #expect(reactor.base.onFire != nil)
    let logs = try fetchSlowly(threshold: nil).logs
    #expect(reactor.base.onFire == nil && logs.isEmpty, "\(logs)")
  }

  @Test func `a slow callback with a place is logged once, with its place`() throws {
    let pipe = try #require(pipeEnds())
    defer { for end in [pipe.read, pipe.write] { _ = close(end) } }
    let logs = try recordedLogs {
      reactor.slowCallbackThreshold = .milliseconds(3)
      try reactor.addReader(pipe.read) { [reactor] in
        // Otherwise the last turn would call it again.
        var byte: UInt8 = 0
        _ = read(pipe.read, &byte, 1)
        spin()
        reactor.stop()
      }
      _ = write(pipe.write, "x", 1)
      reactor.runGuarded()
    }
    reactor.removeReader(pipe.read)
    #expect(logs.count == 1, "\(logs)")
    #expect(logs.first?.contains("the callback made at SwirlReactorTests/SlowEventTests.swift:") == true)
  }

  @Test func `the part of a task between two awaits is measured`() {
    let logs = recordedLogs {
      reactor.slowCallbackThreshold = .milliseconds(3)
      reactor.callSoon { [reactor] in
        Deferred {
          try await reactor.sleep(.zero).value
          spin()
        }.addBoth { _ in reactor.stop() }
      }
      reactor.runGuarded()
    }
    #expect(logs.contains { $0.contains("a part of a task between two awaits ran for ") }, "\(logs)")
  }

  private func pipeEnds() -> (read: Int32, write: Int32)? {
    var ends: [Int32] = [0, 0]
    return pipe(&ends) == 0 ? (ends[0], ends[1]) : nil
  }
}
