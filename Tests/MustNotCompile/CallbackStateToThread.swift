import Swirl

// What runs on another thread cannot touch what the callbacks share.
@MainActor func program() {
  var count = 0
  _ = deferToThread { count += 1 }  // expect: concurrently-executing code
  count += 1
}
