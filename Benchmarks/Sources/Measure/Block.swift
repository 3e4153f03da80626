import Dispatch

/// Runs `body` on Swift's thread pool, and blocks this thread until it has ended.
public func block(_ body: @escaping @Sendable () async throws -> Void) {
  let done = DispatchSemaphore(value: 0)
  Task.detached {
    do { try await body() } catch { fail("\(error)") }
    done.signal()
  }
  done.wait()
}
