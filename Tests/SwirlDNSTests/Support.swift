import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

/// Bytes from hexadecimal digits; blanks are ignored.
func hex(_ text: String) -> [UInt8] {
  let digits = Array(text.filter { !$0.isWhitespace })
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
}

/// The error of a call that must throw.
func thrown<Failure: Error>(_ type: Failure.Type, _ body: () throws -> some Any) throws -> Failure {
  do {
    let value = try body()
    Issue.record("it has not failed, but gave \(value)")
    throw CancellationError()
  } catch { return try #require(error as? Failure, "\(error)") }
}

extension DNSRecord {
  static func a(_ name: DNSName, _ address: String, ttl: UInt32 = 60) -> DNSRecord {
    let address = IPAddress(address)!
    return DNSRecord(name, address.isIPv4 ? 1 : 28, seconds: ttl, .address(address))
  }
  static func cname(_ name: DNSName, _ target: DNSName, ttl: UInt32 = 60) -> DNSRecord {
    DNSRecord(name, 5, seconds: ttl, .name(target))
  }
  static func soa(_ zone: DNSName, ttl: UInt32 = 60, minimum: UInt32 = 30) -> DNSRecord {
    DNSRecord(
      zone, 6, seconds: ttl,
      .soa(
        SOARecord(
          primary: zone, mailbox: zone, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: minimum)))
  }
}

/// A name server in memory, which does with each question what the test says. It has no TCP without `onTCP`.
final class ScriptedServer {
  typealias Reply = (_ bytes: [UInt8]) -> Void
  let address: SocketAddress
  let reactor: Reactor
  private(set) var socket: DatagramSocket!
  /// The questions that have come, over UDP and TCP.
  private(set) var queries: [DNSMessage] = []
  private(set) var tcpQueries: [DNSMessage] = []
  private(set) var tcpConnections: [ServedQueries] = []
  var sources: [SocketAddress] = []
  var bytes: [[UInt8]] = []

  init(
    _ host: String = "127.0.0.53", on reactor: Reactor,
    _ onQuery: @escaping (DNSMessage, @escaping Reply) throws -> Void
  ) throws {
    self.reactor = reactor
    address = SocketAddress(ip: host, port: 53)!
    socket = try reactor.listenUDP(53, interface: host) { [unowned self] datagram, socket in
      bytes.append(datagram.bytes)
      sources.append(datagram.source)
      do {
        let query = try DNSMessage(datagram.bytes)
        queries.append(query)
        try onQuery(query) { socket.reply(to: datagram, $0) }
      } catch { Issue.record("the server's script failed: \(error)") }
    }
  }

  /// Serves over TCP, too.
  func onTCP(_ onQuery: @escaping (DNSMessage, ServedQueries) -> Void) throws {
    _ = try reactor.listenTCP(53, interface: address.host) { [unowned self] _ in
      let served = ServedQueries { [unowned self] query, served in
        tcpQueries.append(query)
        onQuery(query, served)
      }
      tcpConnections.append(served)
      return served
    }
  }
}

/// A connection of a scripted server.
final class ServedQueries: StreamProtocol {
  private var bytes: [UInt8] = []
  private(set) var transport: (any Transport)?
  private let onQuery: (DNSMessage, ServedQueries) -> Void
  private(set) var hasEnded = false

  init(_ onQuery: @escaping (DNSMessage, ServedQueries) -> Void) { self.onQuery = onQuery }
  func connectionMade(_ transport: any Transport) { self.transport = transport }
  func dataReceived(_ span: Span<UInt8>) {
    for index in span.indices { bytes.append(span[index]) }
    while bytes.count >= 2 {
      let length = Int(bytes[0]) << 8 | Int(bytes[1])
      guard bytes.count >= 2 + length else { return }
      let message = Array(bytes[2..<2 + length])
      bytes.removeFirst(2 + length)
      if let query = try? DNSMessage(message) { onQuery(query, self) }
    }
  }
  func send(_ message: [UInt8]) { transport?.write(UInt16(message.count).wire + message) }
  func connectionLost(_ end: ConnectionEnd) {
    hasEnded = true
    transport = nil
  }
}

extension NameClient.Configuration {
  /// One or more servers in memory, and nothing else.
  init(_ servers: ScriptedServer...) { self.init(servers: servers.map(\.address)) }
}
