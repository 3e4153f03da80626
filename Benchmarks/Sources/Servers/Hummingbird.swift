import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import Measure
import NIOCore
import NIOPosix
import NIOSSL

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

/// No handler ever answers: for the memory that a request takes meanwhile. HTTP/2 without TLS.
func hummingbirdSilent() async throws {
  let router = Router()
  router.get("/slow") { _, _ in
    try await Task.sleep(for: .seconds(3600))
    return Pages.hello
  }
  try await run(router, .plaintextHTTP2())
}

private func run(_ router: Router<BasicRequestContext>, _ plain: HTTPServerBuilder = .http1()) async throws {
  var server = plain
  if let identity = Identity(Options()) {
    server = try .http2Upgrade(
      tlsConfiguration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(identity.certificate).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: identity.key, format: .pem))))
  }
  var logger = Logger(label: "hummingbird")
  logger.logLevel = .critical
  let application = Application(
    router: router, server: server,
    configuration: .init(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in listening(on: channel.localAddress?.port ?? 0) },
    eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup(numberOfThreads: 1)),
    logger: logger)
  try await application.runService()
}
