import Swirl

// A reactor belongs to its thread; others use its remote.
@MainActor func program() {
  let mine = Reactor()
  Task.detached { mine.stop() }  // expect: sending
  mine.run()
}
