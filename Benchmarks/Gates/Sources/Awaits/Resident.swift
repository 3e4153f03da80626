import Swirl

/// An actor that lives on the thread of a reactor.
actor Resident {
  private let thread: ReactorThread

  init(on thread: ReactorThread) { self.thread = thread }

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.remote.asUnownedSerialExecutor() }

  func fetch(_ count: Int, _ url: String) async throws {
    for _ in 0..<count {
      let page = try await Swirl.fetch(url)
      precondition(page.body.count == 100)
    }
  }

  func awaitTurns(_ count: Int) async throws {
    try await withThrowingDiscardingTaskGroup { tasks in
      for _ in 0..<100 { tasks.addTask { try await self.awaitTurns(of: count / 100) } }
    }
  }

  private func awaitTurns(of count: Int) async throws {
    for _ in 0..<count { _ = try await soon().value }
  }
}
