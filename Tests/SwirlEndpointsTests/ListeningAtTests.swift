import SwirlDeferred
import SwirlEndpoints
import SwirlHTTPClient
import SwirlHTTPServer
import SwirlNet
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlTLS

/// Sends back what comes.
private final class Echo: StreamProtocol {
  private var transport: (any Transport)?
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
  func connectionLost(_ end: ConnectionEnd) { transport = nil }
}

/// Says hello, and passes on what comes.
private final class Caller: StreamProtocol {
  let received: (String) -> Void
  init(_ received: @escaping (String) -> Void) { self.received = received }
  func connectionMade(_ transport: any Transport) { transport.write("hello") }
  func dataReceived(_ bytes: Span<UInt8>) {
    received(bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
  }
}

private struct Unwritten: Error {}

@Suite(.timeLimit(.minutes(10))) struct ListeningAtTests {
  /// What an echo at one endpoint answers to a connection to another.
  private func exchange(_ listening: String, _ connecting: (Listener) -> String) throws -> String {
    let reactor = Reactor()
    var answer = "nothing"
    let listener = try reactor.listen(at: listening) { _ in Echo() }
    let caller = reactor.connect(to: connecting(listener)) {
      Caller {
        answer = $0
        reactor.stop()
      }
    }
    caller.addErrback { error in
      answer = "\(error)"
      reactor.stop()
    }
    let limit = reactor.callLater(.seconds(20)) { reactor.stop() }
    reactor.run()
    limit.cancel()
    listener.stop()
    return answer
  }

  @Test(arguments: ["tcp:0", "tcp:127.0.0.1:0", "tcp:0:interface=127.0.0.1:backlog=5:keepAlive=60:userTimeout=0.5"])
  func `TCP, with and without a host`(text: String) throws {
    #expect(try exchange(text) { "tcp:127.0.0.1:\($0.port):timeout=5:keepAlive=30:from=127.0.0.1" } == "hello")
  }

  @Test func `A Unix socket`() throws {
    let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max)).sock"
    #expect(try exchange("unix:\(path):backlog=7") { _ in "unix:\(path):timeout=5" } == "hello")
  }

  @Test func `A descriptor that listens`() throws {
    let reactor = Reactor()
    let listener = try reactor.listenTCP(0) { _ in nil }
    // Leaked on purpose to the one that takes it over.
    let descriptor = try listener.listeningSocket().withDescriptor { dup($0) }
    listener.stop()
    #expect(try exchange("fd:\(descriptor)") { "tcp:127.0.0.1:\($0.port)" } == "hello")
  }

  @Test func `TLS, by files`() throws {
    let authority = TestAuthority()
    let identity = authority.identity(for: "localhost")
    let path = "/tmp/swirl-\(UInt64.random(in: 0 ... .max))"
    let pieces = [("chain", identity.chain), ("key", identity.privateKey), ("root", authority.root)]
    for (name, pem) in pieces { try write(pem, to: "\(path)-\(name).pem") }
    defer { for (name, _) in pieces { unlink("\(path)-\(name).pem") } }
    let answer = try exchange("tls:0:certificate=\(path)-chain.pem:key=\(path)-key.pem:minimum=1.3") {
      "tls:localhost:\($0.port):roots=\(path)-root.pem:minimum=1.3"
    }
    #expect(answer == "hello")
  }

  private func write(_ pem: TLSConfiguration.PEM, to path: String) throws {
    guard case .text(let text) = pem.place else { throw Unwritten() }
    let file = fopen(path, "w")
    try #require(file != nil && fputs(text, file) >= 0 && fclose(file) == 0)
  }

  @Test func `A registered kind stands for another, also of a server`() throws {
    Endpoint.register("swirl-test-echo") { endpoint in
      guard let port = endpoint.arguments.first else {
        throw EndpointError(endpoint, at: endpoint.kind, "a port is missing")
      }
      return try Endpoint("tcp:127.0.0.1:\(port.text)")
    }
    #expect(try exchange("swirl-test-echo:0") { "swirl-test-echo:\($0.port)" } == "hello")
    #expect(throws: EndpointError.self) { try Reactor().listen(at: "swirl-test-echo:") { _ in nil } }
    Endpoint.register("swirl-test-loop") { $0 }
    let error = #expect(throws: EndpointError.self) { try Reactor().listen(at: "swirl-test-loop:") { _ in nil } }
    #expect(error?.reason == "the kind \"swirl-test-loop\" stands for itself")
  }

  @Test func `A server listens at an endpoint`() throws {
    let reactor = Reactor()
    let server = HTTPServer { _ in .text("served") }
    let listener = try server.listen(at: "tcp:0", on: reactor)
    var text = ""
    HTTPClient(on: reactor).fetch("http://127.0.0.1:\(listener.port)/").addBoth { result in
      text = (try? result.get().text) ?? "\(result)"
      listener.stop()
      reactor.stop()
    }
    reactor.run()
    #expect(text == "served")
  }

  @Test func `Datagrams`() throws {
    let reactor = Reactor()
    var answer = ""
    let server = try reactor.listenUDP(at: "udp:0:broadcast=yes") { datagram, socket in
      socket.reply(to: datagram, datagram.bytes)
    }
    reactor.connectUDP(to: "udp:127.0.0.1:\(server.port):from=127.0.0.1") { datagram, socket in
      answer = datagram.text
      socket.close()
      server.close()
      reactor.stop()
    }.addCallback { $0.send("hello") }
    reactor.run()
    #expect(answer == "hello")
  }

  @Test(arguments: [
    ("tcp", "the port is missing: tcp:8080", 3..<3), ("tcp:http", "the port \"http\" is not a number from 0", 4..<8),
    ("tcp:65536", "the port \"65536\" is not a number from 0 to 65535", 4..<9),
    ("tcp:-1", "the port \"-1\" is not", 4..<6), ("tcp:٨٠", "the port \"٨٠\" is not", 4..<6),
    ("tcp:a:80:90", "there is one argument too many", 9..<11),
    ("tcp:127.0.0.1:80:interface=127.0.0.1", "the host is there twice: 127.0.0.1", 27..<36),
    ("tcp:80:backlog=0", "backlog is a number from 1", 15..<16),
    ("tcp:80:backlog=5:backlog=6", "the option backlog is there twice", 25..<26),
    ("tcp:80:reusePort=true", "reusePort is yes or no", 17..<21),
    ("tcp:80:keepAlive=1m", "keepAlive is a number of seconds", 17..<19),
    ("tcp:80:certificate=a.pem", "tcp has no option \"certificate\" here: it has interface, backlog", 7..<18),
    ("tcp:80:timeout=5", "tcp has no option \"timeout\" here", 7..<14),
    ("tls:443", "the certificate is missing", 7..<7),
    ("tls:443:certificate=", "the option certificate is empty", 20..<20),
    ("tls:443:certificate=a:key=b:key=c", "there are 1 certificates and 2 keys", 32..<33),
    ("tls:443:certificate=a:minimum=1.1", "minimum is 1.2 or 1.3", 30..<33),
    ("unix:", "the path is missing", 5..<5), ("fd:three", "the descriptor \"three\" is not a number", 3..<8),
    ("fd:3:key=a", "options of TLS without a certificate", 9..<10),
    ("systemd:web", "this process inherited no socket \"web\"", 8..<11),
    ("udp:53", "udp does not listen for connections: listenUDP(at:) takes it", 0..<3),
  ])
  func `A place to listen that is wrong says where`(text: String, reason: String, range: Range<Int>) throws {
    let error = #expect(throws: EndpointError.self) { try Reactor().listen(at: text) { _ in nil } }
    #expect(error?.description.hasPrefix(reason) == true, "\(String(describing: error))")
    #expect(error?.range == range)
  }

  @Test(arguments: [
    ("tcp:80", "the port is missing"), ("tcp::80", "the host is empty"), ("tcp:localhost:0", "the port \"0\" is not"),
    ("fd:3", "fd does not connect: it is for listening"), ("udp:a:1", "udp does not connect: connectUDP(to:) takes it"),
    ("tcp:localhost:80:from=localhost", "\"localhost\" is not an address"),
    ("tls:localhost:443:key=a", "the certificate of the key is missing"), ("smtp:25", "the kind \"smtp\" is not known"),
    ("tcp:localhost:80:timeout=0", "timeout is a number of seconds"), ("tcp:a:80:reusePort=yes", "tcp has no option"),
  ])
  func `A place to connect to that is wrong fails the Deferred`(text: String, reason: String) throws {
    let reactor = Reactor()
    let error = try failureResult(of: reactor.connect(to: text) { Echo() }, as: EndpointError.self)
    #expect(error.description.hasPrefix(reason), "\(error)")
    let other = try failureResult(of: reactor.openConnection(to: text), as: EndpointError.self)
    #expect(other.reason == error.reason)
  }

  @Test(arguments: [
    ("tcp:53", "tcp has no datagrams"), ("udp", "the port is missing"),
    ("udp:0:group=ten", "\"ten\" is not the address of a group"), ("udp:0:reuse=yes", "udp has no option \"reuse\""),
  ])
  func `A place for datagrams that is wrong says so`(text: String, reason: String) {
    let error = #expect(throws: EndpointError.self) { try Reactor().listenUDP(at: text) { _, _ in } }
    #expect(error?.description.hasPrefix(reason) == true)
  }

  @Test func `A group that can't be joined leaves no socket open`() {
    let reactor = Reactor()
    #expect(throws: NetError.self) { try reactor.listenUDP(at: "udp:0:group=127.0.0.1") { _, _ in } }
    #expect(reactor.openHandles.isEmpty)
  }
}
