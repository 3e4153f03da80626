// HTTP servers that answer /hello and, unless the handler awaits, /1m, on a free port of 127.0.0.1, which they print:
// `Servers swirl`; those of WebSocket echo or broadcast. With --certificate and --key, files in PEM, over TLS, where
// they speak HTTP/2 too.
import Dispatch
import Measure

let servers: [String: @MainActor () throws -> Void] = [
  "swirl": swirl,
  "swirl-awaited": swirlAwaited,
  "swirl-awaited-deferred": swirlAwaitedDeferred,
  "swirl-awaited-actor": swirlAwaitedActor,
  "swirl-router": swirlRouter,
  "swirl-silent": swirlSilent,
  "swirl-files": swirlFiles,
  "swirl-one-reactor": { swirlReactors(1, .kernel) },
  "swirl-two-reactors": { swirlReactors(2, .kernel) },
  "swirl-two-reactors-acceptor": { swirlReactors(2, .acceptor) },
  "swirl-websocket": swirlWebSocket,
  "swirl-broadcast": swirlBroadcast,
  "hummingbird": { serve(hummingbird) },
  "hummingbird-actor": { serve(hummingbirdActor) },
  "hummingbird-silent": { serve(hummingbirdSilent) },
  "flyingfox": { serve(flyingFox) },
]

guard let name = Options().words.first, let server = servers[name] else {
  fail("usage: Servers NAME, the name one of \(servers.keys.sorted())")
}
try server()

/// Async servers have their own threads. An async main function would leave no main thread for Swirl's loop.
func serve(_ server: @escaping @Sendable () async throws -> Void) -> Never {
  Task {
    do { try await server() } catch { fail("\(error)") }
  }
  dispatchMain()
}
