import Swirl

// A reactor belongs to its thread; other threads use its remote.
@MainActor func program() {
  let mine = Reactor()
  Task.detached { mine.stop() }  // expect: sending
  mine.run()
}
