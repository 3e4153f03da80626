import Foundation
import SwirlDeferred
import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlTLS

/// The file of session secrets that the environment names.
@Suite(.serialized) struct KeyLogTests {
  /// The lines that the handshakes of a client and a server write, if each allows it.
  private func lines(client: Bool, server: Bool, to path: String) throws -> [String] {
    setenv("SSLKEYLOGFILE", path, 1)
    defer { unsetenv("SSLKEYLOGFILE") }
    let authority = TestAuthority()
    let network = MemoryNetwork(seed: 1)
    var serverTLS = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    serverTLS.allowsKeyLogFile = server
    var clientTLS = TLSConfiguration()
    clientTLS.roots = [authority.root]
    clientTLS.allowsKeyLogFile = client
    let listener = try network.reactor.listenTCP(0, tls: serverTLS) { _ in RecordingProtocol() }
    let connected = network.reactor.connectTCP("127.0.0.1", listener.localAddress.port, tls: clientTLS) {
      RecordingProtocol()
    }
    var isConnected = false
    connected.addCallback { _ in isConnected = true }
    network.reactor.run(for: .seconds(1))
    #expect(isConnected)
    listener.stop()
    return (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
  }

  @Test(arguments: [(false, false), (true, false), (false, true)])
  func `secrets are written if a configuration allows it, and for its owner alone`(client: Bool, server: Bool) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)").path
    defer { unlink(path) }
    let lines = try lines(client: client, server: server, to: path)
    guard client || server else { return #expect(lines.isEmpty) }
    #expect(lines.contains { $0.hasPrefix("CLIENT_TRAFFIC_SECRET_0 ") })
    #expect(lines.allSatisfy { $0.split(separator: " ").count == 3 })
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }

  @Test func `a file that cannot be appended to is an error that names it`() throws {
    #expect(throws: NetError.self) { try KeyLog("/nowhere/keys") }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("fifo-\(UUID().uuidString)").path
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    #expect(throws: NetError.self) { try KeyLog(path) }
  }
}
