import SwirlDeferred
import SwirlNet
import SwirlReactor

/// A UDP socket that is connected to a server, with a port that the system has chosen at random.
///
/// The kernel passes on nothing from other addresses. A few questions share a port while it is busy; it is closed when
/// it has no question in flight, so that questions one after another have a port each (RFC 5452 §9.2).
final class QueryPort: DatagramProtocol {
  private let server: NameServer
  private unowned let reactor: Reactor
  // Exempt from the run-time check for overlapping accesses: no call of the program's code comes within one.
  @safe @exclusivity(unchecked) private var socket: DatagramSocket?
  @safe @exclusivity(unchecked) private var flights = FlightList()
  /// How many questions it has sent.
  @safe @exclusivity(unchecked) private var used = 0

  /// The maximum number of questions of a port. So many answers find room in the kernel's buffer, too.
  private static let maximumUses = 64
  /// How much a datagram may have.
  private static let options: DatagramOptions = {
    var options = DatagramOptions()
    // Equal sizes are an exception: offload would cost more than it saves.
    options.usesSegmentationOffload = false
    return options
  }()

  init(to server: NameServer, on reactor: Reactor, at site: CallSite) throws(NetError) {
    self.server = server
    self.reactor = reactor
    let socket = try reactor.openDatagrams(to: server.address, from: nil, Self.options, at: site)
    self.socket = socket
    socket.start(self)
  }

  var hasRoom: Bool { used < Self.maximumUses && socket != nil }

  func send(_ flight: QueryFlight) {
    used += 1
    flights.insert(flight, using: reactor)
    socket?.send(flight.query(length: false))
  }

  func remove(_ flight: QueryFlight) {
    flights.remove(flight)
    if flights.isEmpty { close() }
  }

  func close() {
    guard let socket = socket.take() else { return }
    server.removePort(self)
    socket.close()
  }

  func datagramReceived(_ bytes: Span<UInt8>, from source: SocketAddress, to destination: SocketAddress) {
    // A datagram that is no answer to a question in flight is dropped: it may be late, or forged.
    guard bytes.count >= 12, let flight = flights[UInt16(bytes[0]) << 8 | UInt16(bytes[1])] else { return }
    flight.question.received([UInt8](copying: bytes), for: flight)
  }

  func errorReceived(_ error: NetError) {
    // ICMP says that the server, or the way to it, is not there: that is so for all.
    for flight in flights.flights { flight.question.failed(flight, by: error) }
  }
}

extension [UInt8] {
  /// A copy of the bytes: one allocation, one move of memory.
  init(copying bytes: Span<UInt8>) {
    self = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
  }
}
