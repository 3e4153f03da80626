import Foundation
import Swirl

@MainActor func swirlThreads() {
  let remote = reactor.remote
  let thread = Thread {
    callFromOutside { body in remote.callFromThread(body) }
    remote.stop()
  }
  reactor.callWhenRunning { thread.start() }
  reactor.run()
}
