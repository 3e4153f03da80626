// The smallest program with a reactor: one call, which prints hello and stops. With --stay it keeps running, for
// inspection.
import Glibc
import Swirl

reactor.callLater(.zero) {
  print("hello")
  fflush(nil)
  if !CommandLine.arguments.contains("--stay") { reactor.stop() }
}
reactor.run()
