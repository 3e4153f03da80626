import NIOCore
import NIOPosix

func nioThreads() throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  let loop = group.next()
  callFromOutside { body in loop.execute(body) }
  try group.syncShutdownGracefully()
}
