// The smallest program with an event loop: one call, which prints hello and stops. With --stay it keeps running, for
// inspection.
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
