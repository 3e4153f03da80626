// Blocking work on three threads, with a callback for each result on the reactor's thread.
// Answers to: Twisted's page on threads: deferToThread.
// Run: `swift run ThreadPool`.
import Glibc
import Swirl

/// A call that blocks its thread for a second.
@Sendable func slowSquare(of number: Int) -> Int {
  sleep(1)
  return number * number
}

let pool = ThreadPool(size: 3)
let start = reactor.now
var sum = 0

let work = (1...6).map { number in
  reactor.deferToThread(in: pool) { slowSquare(of: number) }
    .addCallback { square in
      sum += square  // no lock: callbacks run one at a time
      print("\(number) squared is \(square)")
    }
}
DeferredList(work).addBoth { _ in
  print("sum \(sum) in \((reactor.now - start).components.seconds) s")
  reactor.stop()
}
reactor.run()
