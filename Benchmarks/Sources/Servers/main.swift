// HTTP servers that answer /hello and /1m, on a free port of 127.0.0.1, which is printed: `Servers swirl`.
import Dispatch
import Measure

switch Options().words.first {
case "swirl": try swirl()
case "hummingbird": serve(hummingbird)
case "flyingfox": serve(flyingFox)
default: fail("usage: Servers swirl|hummingbird|flyingfox")
}

/// Async servers work on threads of their own. An async main program would leave no main thread for Swirl's loop.
func serve(_ server: @escaping @Sendable () async throws -> Void) -> Never {
  Task {
    do { try await server() } catch { fail("\(error)") }
  }
  dispatchMain()
}
