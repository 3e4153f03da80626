// The least program with a loop: one call, which says hello and stops. With --stay it waits instead, to be looked at.
import Glibc
import Swirl

reactor.callLater(.zero) {
  print("hello")
  fflush(nil)
  if !CommandLine.arguments.contains("--stay") { reactor.stop() }
}
reactor.run()
