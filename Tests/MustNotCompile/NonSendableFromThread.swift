import Swirl

// A result from another thread must be Sendable.
final class Box { var value = 0 }
func program(_ thread: ReactorThread) async throws {
  let box = try await thread.run { _ in Box() }  // expect: Sendable
  box.value = 1
}
