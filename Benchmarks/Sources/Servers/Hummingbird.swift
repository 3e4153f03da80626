import Hummingbird
import Logging
import NIOCore
import NIOPosix

/// One event loop, without middleware and log.
func hummingbird() async throws {
  let router = Router()
  let large = ByteBuffer(bytes: Pages.large)
  router.get("/hello") { _, _ in Pages.hello }
  router.get("/1m") { _, _ in Response(status: .ok, body: .init(byteBuffer: large)) }
  try await run(router)
}

/// The handler awaits an actor.
func hummingbirdActor() async throws {
  let router = Router()
  let store = Store()
  router.get("/hello") { request, _ in await store.page(request.uri.path) }
  try await run(router)
}

private func run(_ router: Router<BasicRequestContext>) async throws {
  var logger = Logger(label: "hummingbird")
  logger.logLevel = .critical
  let application = Application(
    router: router,
    configuration: .init(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in listening(on: channel.localAddress?.port ?? 0) },
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
    logger: logger)
  try await application.runService()
}
