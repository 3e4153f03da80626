import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTP

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension HTTPClientTests {
  @Suite struct ExitTests {
    /// One time in five it ended with a signal, while OpenSSL took its tables down at the end of a process.
    @Test(arguments: 1...20)
    func `a process ends as it was told to, while its reactors' threads are in the midst of handshakes`(_: Int) async {
      await #expect(processExitsWith: .exitCode(7)) {
        let authority = TestAuthority()
        let identity = authority.identity(for: "127.0.0.1")
        let root = authority.root
        let threads = (0..<3).map { _ in ReactorThread() }
        for thread in threads { thread.remote.callFromThread { try! handshakes(identity, root) } }
        withExtendedLifetime(threads) { while true { pause() } }
      }
    }
  }
}

/// Ten clients that make a handshake for each page: the process ends after ten pages of one of them.
private func handshakes(_ identity: TLSConfiguration.Identity, _ root: TLSConfiguration.PEM) throws {
  let reactor = Reactor.current
  let server = HTTPServer { _ -> HTTPServer.Response in .text("hello") }
  let port = try server.listen(0, tls: .server(identity), on: reactor).localAddress.port
  var configuration = HTTPClient.Configuration()
  configuration.tls.roots = [root]
  configuration.connectionLifetime = .zero
  let client = HTTPClient(configuration, on: reactor)
  var count = 0
  func next() {
    client.fetch(HTTPClient.Request("https://127.0.0.1:\(port)/")) { result in
      guard case .success = result else { fatalError("\(result)") }
      count += 1
      if count == 10 { exit(7) }
      next()
    }
  }
  for _ in 0..<10 { next() }
}
