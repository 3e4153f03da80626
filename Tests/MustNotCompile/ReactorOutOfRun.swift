import Swirl

// The reactor that `run` passes to its body stays on its thread.
func program(_ thread: ReactorThread) async throws {
  let reactor = try await thread.run { reactor in reactor }  // expect: Sendable
  reactor.stop()
}
