// The least program with an event loop: one call, which says hello and stops. With --stay it waits instead, to be looked at.
import Glibc
import NIOCore
import NIOPosix

let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let loop = group.next()
let done = loop.makePromise(of: Void.self)
loop.execute {
  print("hello")
  fflush(nil)
  if !CommandLine.arguments.contains("--stay") { done.succeed() }
}
try done.futureResult.wait()
try group.syncShutdownGracefully()
