import Swirl

// The main reactor is the main actor's.
nonisolated func program() {
  reactor.stop()  // expect: main actor-isolated
}
