#if HTTP2
import HTTPTypes
import SwirlHTTP2
import SwirlTesting
import Testing

/// Counts the requests that reach it.
private final class Counter: HTTP2WireOwner {
  var requests = 0
  var reads = 0

  func take(_ event: HTTP2Event, _ bytes: Span<UInt8>) { if case .head = event { requests += 1 } }
  func hasRoom(_ stream: Int32) {}
  func readEnded() { reads += 1 }
  func flushed() {}
}

@Suite struct HTTP2WireTests {
  /// CVE-2023-44487: requests that are reset at once.
  @Test func `a flood is noticed within 64 KiB, however large the read is`() {
    let pair: [Frame] = [.get(1), .reset(1)]
    let pairBytes = pair.flatMap(\.bytes).count
    var bytes = FrameBench.preface + Frame.settings().bytes
    var stream = 1
    while bytes.count < 1 << 20 {
      bytes += Frame.get(stream).bytes + Frame.reset(stream).bytes
      stream += 2
    }
    let connection = MemoryConnection()
    let counter = Counter()
    let wire = HTTP2Wire(HTTP2Session(.server), over: connection.server, for: counter)
    wire.receive(bytes.span)
    #expect(wire.failure?.code == .enhanceYourCalm)
    #expect(counter.reads == 1)
    // A thousand resets are allowed at once; the rest of a piece is read before they are counted.
    #expect(counter.requests > 1000)
    #expect(counter.requests <= 1000 + 2 * 64 * 1024 / pairBytes)
    wire.end()
  }
}
#endif
