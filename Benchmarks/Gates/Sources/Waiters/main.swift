// COUNT times a waiter joins the queue of a semaphore with LENGTH waiters, acquires it and releases it: `Waiters
// release/LENGTH COUNT`; or is cancelled in the middle of the queue: `Waiters cancel/LENGTH COUNT`. The cost must not
// depend on the length.
import Swirl

let arguments = CommandLine.arguments
guard arguments.count == 3, let count = Int(arguments[2]) else { fatalError("usage: Waiters NAME/LENGTH COUNT") }
let words = arguments[1].split(separator: "/")
guard words.count == 2, let length = Int(words[1]) else { fatalError("no operation \(arguments[1])") }

let semaphore = DeferredSemaphore(0)
for _ in 0..<length { _ = semaphore.acquire() }

switch words[0] {
case "release":
  for _ in 0..<count {
    _ = semaphore.acquire()
    semaphore.release()
  }
case "cancel":
  for _ in 0..<count {
    let waiter = semaphore.acquire().addErrback { _ in }
    _ = semaphore.acquire()
    waiter.cancel()
    semaphore.release()
  }
default: fatalError("no operation \(arguments[1])")
}
precondition(semaphore.waiting == length)
