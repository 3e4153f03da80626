import Swirl

// Code on another thread cannot access the state that callbacks share.
@MainActor func program() {
  var count = 0
  _ = deferToThread { count += 1 }  // expect: concurrently-executing code
  count += 1
}
