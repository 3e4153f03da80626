import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting

struct Refused: Error, Equatable {}

/// Lines; the peer answers each with its echo. `push …` answers no request, `error …` is a failure, a line that ends
/// with `+` continues in the next, `junk` is no message.
struct EchoFormat: RequestFormat {
  let framing: any Framing = LineFraming(delimiter: "\n", maximumLength: 64)
  private var begun = ""

  func write(_ request: String, id: Int, to bytes: inout [UInt8]) throws {
    bytes += "\(request)\n".utf8
    if request == "refused" { throw Refused() }
  }

  mutating func read(_ frame: [UInt8]) throws -> RequestMessage<String>? {
    var line = begun + String(decoding: frame, as: UTF8.self)
    begun = ""
    if line == "junk" { throw Refused() }
    if line.hasPrefix("push ") { return .push(String(line.dropFirst(5))) }
    if line.hasPrefix("error ") { return .failure(Refused()) }
    if line.hasSuffix("+") {
      line.removeLast()
      begun = line
      return nil
    }
    return .response(line)
  }
}

/// The same with an id before each message.
struct NumberedFormat: RequestFormat {
  let framing: any Framing = LineFraming(delimiter: "\n")
  var ids: ClosedRange<Int>? = 1...1_000_000

  func write(_ request: String, id: Int, to bytes: inout [UInt8]) { bytes += "\(id) \(request)\n".utf8 }

  func read(_ frame: [UInt8]) throws -> RequestMessage<String>? {
    let words = String(decoding: frame, as: UTF8.self).split(separator: " ", maxSplits: 1)
    guard words.count == 2 else { throw Refused() }
    return Int(words[0]).map { .response(String(words[1]), to: $0) } ?? .push(String(words[1]))
  }
}

/// The peer: keeps what comes, by lines, and answers on demand.
final class Peer: LineReceiver {
  private(set) var lines: [String] = []
  private(set) var ends: [ConnectionEnd] = []
  /// Whether it answers by itself, with the echo.
  var isEchoing: Bool
  var onLine: ((Peer, String) -> Void)?

  init(isEchoing: Bool = false) {
    self.isEchoing = isEchoing
    super.init(delimiter: "\n")
  }

  override func lineReceived(_ line: String) {
    lines.append(line)
    onLine?(self, line)
    if isEchoing { answer(line) }
  }

  func answer(_ lines: String...) { transport?.write(lines.map { "\($0)\n" }.joined()) }

  override func connectionLost(_ end: ConnectionEnd) { ends.append(end) }
}

/// A connection and its peer, in memory.
final class RequestBench<Format: RequestFormat> {
  let reactor: Reactor
  let link: MemoryConnection
  let peer: Peer
  let connection: RequestConnection<Format>

  init(
    _ format: Format, _ limits: RequestLimits = RequestLimits(), isEchoing: Bool = false,
    delivery: MemoryTransport.Delivery = .whole, bufferSize: Int = 65536, isStarted: Bool = true
  ) {
    reactor = Reactor(clock: .virtual(seed: 1))
    link = MemoryConnection(reactor: reactor, isDrivenByReactor: true, delivery: delivery, bufferSize: bufferSize)
    peer = Peer(isEchoing: isEchoing)
    connection = RequestConnection(format, limits: limits, on: reactor)
    if isStarted { start() }
  }

  func start() { link.start(client: connection, server: peer) }

  func run(_ duration: Duration = .milliseconds(1)) { reactor.run(for: duration) }
}
