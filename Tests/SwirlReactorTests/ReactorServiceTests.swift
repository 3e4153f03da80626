#if ServiceLifecycle
import Logging
import ServiceLifecycle
import SwirlDeferred
import Synchronization
import Testing

@testable import SwirlReactor

@Suite struct ReactorServiceTests {
  struct Refused: Error {}

  @Test func `A graceful shutdown stops the reactor, and waits for its triggers`() async throws {
    let events = Mutex<[String]>([])
    let (starts, start) = AsyncStream<Void>.makeStream()
    let service = ReactorService { reactor in
      events.withLock { $0.append("started") }
      reactor.addSystemEventTrigger(.before, .shutdown) { () -> Deferred<Void> in
        reactor.sleep(.milliseconds(10)).addCallback { events.withLock { $0.append("finished") } }
      }
      start.yield()
    }
    let group = ServiceGroup(services: [service], logger: Logger(label: "test"))
    async let running: Void = group.run()
    for await _ in starts { break }
    await group.triggerGracefulShutdown()
    try await running
    #expect(events.withLock { $0 } == ["started", "finished"])
  }

  @Test func `What its start throws ends the service`() async {
    await #expect(throws: Refused.self) { try await ReactorService { _ in throw Refused() }.run() }
  }

  @Test func `A cancelled task stops it`() async throws {
    let (starts, start) = AsyncStream<Void>.makeStream()
    let task = Task { try await ReactorService { _ in start.yield() }.run() }
    for await _ in starts { break }
    task.cancel()
    try await task.value
  }
}
#endif
