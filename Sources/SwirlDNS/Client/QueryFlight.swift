import SwirlNet
import SwirlReactor

/// One transmission of a question to one server, until its answer, or the end of the question.
final class QueryFlight {
  /// Whom the answer is for. Unowned: a question ends its flights before it is released.
  unowned let question: NameQuestion
  let server: NameServer
  /// The name as it was sent, letter by letter.
  let name: DNSName
  let usesEDNS: Bool
  /// Whether it is on a TCP connection.
  let isOverTCP: Bool
  // Exempt from the run-time check for overlapping accesses: each is read or written as a whole.
  @safe @exclusivity(unchecked) var id: UInt16 = 0
  // They retain each other until its end.
  @safe @exclusivity(unchecked) private var port: QueryPort?
  @safe @exclusivity(unchecked) private var connection: QueryConnection?

  init(of question: NameQuestion, to server: NameServer, _ name: DNSName, usesEDNS: Bool, isOverTCP: Bool) {
    self.question = question
    self.server = server
    self.name = name
    self.usesEDNS = usesEDNS
    self.isOverTCP = isOverTCP
  }

  func send(by port: QueryPort) {
    self.port = port
    port.send(self)
  }

  func send(by connection: QueryConnection) {
    self.connection = connection
    connection.send(self)
  }

  /// Its answer is not wanted any more.
  func end() {
    port.take()?.remove(self)
    connection.take()?.remove(self)
  }

  /// Releases its way, without calls.
  func abandon() {
    port = nil
    connection = nil
  }

  func query(length: Bool) -> [UInt8] {
    MessageWriter.query(id: id, name, question.typeNumber, usesEDNS: usesEDNS, length: length)
  }
}

/// The flights on one way, by their ids. An array: there are few on a port, and a search of it is faster than hashing.
struct FlightList {
  private var ids: [UInt16] = []
  private(set) var flights: [QueryFlight] = []
  /// Random bits for ids: a number has those of four.
  private var bits: (word: UInt64, count: Int) = (0, 0)

  var isEmpty: Bool { flights.isEmpty }
  var count: Int { flights.count }

  /// Gives it an id that no other has.
  mutating func insert(_ flight: QueryFlight, using reactor: Reactor) {
    var id = nextID(using: reactor)
    while ids.contains(id) { id = nextID(using: reactor) }
    flight.id = id
    ids.append(id)
    flights.append(flight)
  }

  private mutating func nextID(using reactor: Reactor) -> UInt16 {
    if bits.count == 0 { bits = (reactor.nextRandom(), 64) }
    defer { bits = (bits.word >> 16, bits.count - 16) }
    return UInt16(truncatingIfNeeded: bits.word)
  }

  subscript(_ id: UInt16) -> QueryFlight? { ids.firstIndex(of: id).map { flights[$0] } }

  mutating func remove(_ flight: QueryFlight) {
    guard let index = flights.firstIndex(where: { $0 === flight }) else { return }
    ids.remove(at: index)
    flights.remove(at: index)
  }

  mutating func takeAll() -> [QueryFlight] {
    defer { self = FlightList() }
    return flights
  }
}
