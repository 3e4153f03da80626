import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlSystem
import SwirlTesting
import Testing

#if os(Linux)
extension SystemTests {
  @Suite struct ChildStartTests {
    @Test(arguments: [false, true])
    func `the file of a socket is removed, also while a child is made that has a copy`(isForked: Bool) async throws {
      let thread = SwirlReactor.ReactorThread()
      let starting = Task {
        while !Task.isCancelled {
          _ = try await thread.run { reactor in
            (isForked
              ? try reactor.spawnProcess("true", terminal: ChildTerminalSize()) : try reactor.spawnProcess("true"))
              .ended
          }
        }
      }
      var left = 0
      for _ in 0..<400 {
        let path = "/tmp/swirl-start-\(getpid()).sock"
        try listenAndStop(path)
        if access(path, F_OK) == 0 {
          left += 1
          unlink(path)
        }
      }
      #expect(left == 0)
      starting.cancel()
      _ = await starting.result
      await thread.stop()
    }

    private func listenAndStop(_ path: String) throws {
      let reactor = Reactor()
      try reactor.listenUnix(path) { _ in nil }.stop()
    }
  }
}
#endif
