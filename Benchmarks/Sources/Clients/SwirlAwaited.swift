import Measure
import Swirl

// Awaited requests, one task for each in flight. `try await fetch` uses its reactor's client, which has a hundred
// connections, the same as the requests in flight of the rows.

/// Tasks of the main actor, on the reactor's own thread: `runUntilComplete`.
@MainActor func swirlAwaitedOnMain(_ load: Load) throws {
  let request = request(of: load)
  try keepUnderWayOnMain(load) {
    while true {
      let page = try await fetch(request)
      guard load.complete(status: page.status.code, length: page.body.count) else { return }
    }
  }
}

/// Like the previous one, but it awaits the Deferred of a separate client.
@MainActor func swirlAwaitedDeferred(_ load: Load) throws {
  let client = client(for: load)
  let request = request(of: load)
  try keepUnderWayOnMain(load) {
    while true {
      let page = try await client.fetch(request).value
      guard load.complete(status: page.status.code, length: page.body.count) else { return }
    }
  }
}

@MainActor private func keepUnderWayOnMain(
  _ load: Load, _ body: @escaping @MainActor () async throws -> Void
) throws {
  try runUntilComplete {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 1...load.inFlight { tasks.addTask { try await body() } }
    }
  }
}

/// An actor that lives on the thread of a reactor.
func swirlAwaitedInActor(_ load: Load) throws {
  block {
    let thread = ReactorThread()
    try await Fetcher(on: thread).keepUnderWay(load)
    await thread.stop()
  }
}

private actor Fetcher {
  private let thread: ReactorThread

  init(on thread: ReactorThread) { self.thread = thread }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.remote.asUnownedSerialExecutor() }

  func keepUnderWay(_ load: Load) async throws {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 1...load.inFlight { tasks.addTask { try await self.keepFetching(load) } }
    }
  }

  private func keepFetching(_ load: Load) async throws {
    let request = request(of: load)
    while true {
      let page = try await fetch(request)
      guard load.complete(status: page.status.code, length: page.body.count) else { return }
    }
  }
}

/// Tasks on Swift's thread pool, as in a program without a reactor.
func swirlAwaitedFromPool(_ load: Load) throws {
  let request = request(of: load)
  let tally = Tally(load)
  block {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 1...load.inFlight {
        tasks.addTask {
          while true {
            let page = try await fetch(request)
            guard await tally.complete(status: page.status.code, length: page.body.count) else { return }
          }
        }
      }
    }
  }
}
