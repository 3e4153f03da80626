import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

/// A proxy that follows a script of requests and responses, and then forwards bytes.
final class Relay: StreamProtocol {
  private let port: Int
  private var script: [(asked: [UInt8], answer: [UInt8])]
  private var transport: (any Transport)!
  private var input: [UInt8] = []
  private var other: Other?

  /// Called with what was asked, before the answer.
  private let onAsked: ([UInt8]) -> Void

  init(to port: Int, _ script: [(asked: [UInt8], answer: [UInt8])], onAsked: @escaping ([UInt8]) -> Void = { _ in }) {
    self.port = port
    self.script = script
    self.onAsked = onAsked
  }

  /// The connection to the server.
  private final class Other: StreamProtocol {
    // Released with the connection: both retain each other until then.
    var relay: Relay?
    var transport: (any Transport)?
    init(_ relay: Relay) { self.relay = relay }
    func connectionMade(_ transport: any Transport) {
      self.transport = transport
      relay?.flush()
    }
    func dataReceived(_ bytes: Span<UInt8>) { relay?.transport.write(bytes) }
    func connectionLost(_ end: ConnectionEnd) {
      relay?.transport.close()
      relay = nil
    }
  }

  func connectionMade(_ transport: any Transport) { self.transport = transport }

  func dataReceived(_ bytes: Span<UInt8>) {
    for index in bytes.indices { input.append(bytes[index]) }
    if let (asked, answer) = script.first {
      guard input.count >= asked.count, !input.isEmpty else { return }
      if !asked.isEmpty { #expect(input == asked) }
      onAsked(input)
      input = []
      script.removeFirst()
      transport.write(answer)
      if answer.isEmpty { transport.close() }
      if script.isEmpty { connect() }
    } else {
      flush()
    }
  }

  private func connect() {
    transport.reactor.connectTCP("127.0.0.1", port) { [self] in
      let other = Other(self)
      self.other = other
      return other
    }.addErrback { [self] _ in
      transport.close()
      return Other(self)
    }
  }

  fileprivate func flush() {
    guard let transport = other?.transport, !input.isEmpty else { return }
    transport.write(input)
    input = []
  }

  func connectionLost(_ end: ConnectionEnd) { other?.transport?.close() }
}
