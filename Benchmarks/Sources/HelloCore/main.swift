// HelloSwirl with the reactor's product alone: without TLS, HTTP and Foundation.
import Glibc
import SwirlCore

reactor.callLater(.zero) {
  print("hello")
  fflush(nil)
  if !CommandLine.arguments.contains("--stay") { reactor.stop() }
}
reactor.run()
