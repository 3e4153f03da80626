#if HTTP2
import HTTPTypes
import Testing

@testable import SwirlHTTP2

@Suite struct EventQueueTests {
  private func stream(_ event: HTTP2Event?) -> Int32? { if case .end(let stream) = event { stream } else { nil } }

  @Test func `events come in order, also those that are added between`() {
    let queue = EventQueue()
    #expect(queue.isEmpty && stream(queue.next()) == nil)
    var (added, taken): (Int32, Int32) = (0, 0)
    // More come than are taken, until the queue has grown beyond what it keeps; then all are taken, twice.
    for _ in 0..<2 {
      while added - taken < 600 {
        for _ in 0..<3 {
          added += 1
          queue.append(.end(stream: added))
        }
        taken += 1
        #expect(stream(queue.next()) == taken)
      }
      while let event = queue.next() {
        taken += 1
        #expect(stream(event) == taken)
      }
      #expect(taken == added && queue.isEmpty)
    }
  }

  @Test func `events that a handler causes wait for the next call`() throws {
    let bench = try FrameBench.server()
    let bytes = Frame.get(1).bytes
    var seen = 0
    try bench.session.receive(bytes.span) { event in
      seen += 1
      guard case .head = event else { return }
      try? bench.respond(1)
      _ = bench.session.takeOutput()
    }
    // The head and the end of the request; those of the response are left.
    #expect(seen == 2 && bench.session.hasEvents)
    bench.session.handleEvents { _ in seen += 1 }
    #expect(seen == 4 && !bench.session.hasEvents)
  }

  @Test func `a session that ends with events that were not handled releases them`() throws {
    weak var session: HTTP2Session?
    do {
      let bench = try FrameBench(.server)
      session = bench.session
      _ = bench.session.takeOutput()
      bench.session.events.append(
        .streamError(HTTP2Error(code: .cancel, stream: 1, reason: String(repeating: "a", count: 100))))
    }
    #expect(session == nil)
  }
}
#endif
