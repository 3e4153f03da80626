import Swirl

// The main reactor belongs to the main actor.
nonisolated func program() {
  reactor.stop()  // expect: main actor-isolated
}
