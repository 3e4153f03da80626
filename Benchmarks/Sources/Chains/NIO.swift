import Measure
import NIOCore
import NIOPosix

/// On the event loop's thread, where callbacks of futures run at once. NIO's futures cannot be cancelled.
func nioChains(_ scale: Double) throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  try loop.submit {
    measure("three callbacks, fired first", 500_000, scale: scale) { index in
      _ = loop.makeSucceededFuture(index).map { $0 &+ 1 }.map { $0 &+ 1 }.map { use($0) }
    }
    measure("four callbacks, fired last", 500_000, scale: scale) { index in
      let promise = loop.makePromise(of: Int.self)
      _ = promise.futureResult.map { $0 &+ 1 }.map { $0 &+ 1 }.map { $0 &+ 1 }.map { use($0) }
      promise.succeed(index)
    }
    measure("gather of ten", 100_000, scale: scale) { index in gather(10, index, on: loop) }
    measure("gather of 100,000", 10, scale: scale) { index in gather(100_000, index, on: loop) }
  }.wait()
  try group.syncShutdownGracefully()
}

private func gather(_ count: Int, _ value: Int, on loop: any EventLoop) {
  let members = (0..<count).map { _ in loop.makePromise(of: Int.self) }
  _ = EventLoopFuture.whenAllSucceed(members.map(\.futureResult), on: loop).map { use($0) }
  for member in members { member.succeed(value) }
}
