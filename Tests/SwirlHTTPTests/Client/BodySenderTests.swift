import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  /// The sender pauses and resumes by the transport's water marks, for any fill level of the buffer at the end of its
  /// turn.
  @Suite struct BodySenderTests {
    /// Forwards the connection's calls to the sender.
    private final class Near: StreamProtocol {
      var sender: BodySender?
      var isPaused = false
      func dataReceived(_ bytes: Span<UInt8>) {}
      func pauseWriting() {
        isPaused = true
        sender?.pause()
      }
      func resumeWriting() {
        isPaused = false
        sender?.resume()
      }
    }

    private final class Far: StreamProtocol {
      var received = 0
      func dataReceived(_ bytes: Span<UInt8>) { received += bytes.count }
    }

    /// The maximum that the sender sends in a turn.
    private static let turn = 1 << 20
    /// The bytes of a turn that do not fit in the connection's buffer, around both marks.
    static let leftOver = [
      -1, 0, 1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 40_000, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 100_000,
      turn - 1,
    ]

    @Test(arguments: leftOver, [16 * 1024, 256 * 1024])
    func `content in pieces of any size never stalls`(leftOver: Int, pieceSize: Int) {
      let total = Self.turn + 300_000
      #expect(send(total, inPiecesOf: pieceSize, bufferSize: Self.turn - leftOver, .whole) == total)
    }

    @Test(arguments: [1, 65_537, 3 << 20]) func `nor where the peer reads in bits`(pieceSize: Int) {
      let total = pieceSize == 1 ? 1000 : Self.turn + 300_000
      let delivery = MemoryTransport.Delivery.pieces(Array(repeating: 100_000, count: 40))
      #expect(send(total, inPiecesOf: pieceSize, bufferSize: Self.turn - 40_000, delivery) == total)
    }

    @Test func `a sender that begins when its transport is paused waits for it`() {
      let connection = MemoryConnection(bufferSize: 1000)
      let near = Near()
      connection.start(client: near, server: Far())
      connection.client.write([UInt8](repeating: 0, count: 100_000))
      #expect(near.isPaused)
      var asked = 0
      let source = ProducerSource {
        asked += 1
        return .succeed(asked > 3 ? nil : [UInt8](repeating: 0, count: 1000))
      }
      var isSent = false
      let sender = BodySender(source, length: 3000, on: connection.client) { _ in isSent = true }
      near.sender = sender
      // Calls before the start, while it waits for a 100, and after that.
      near.sender?.resume()
      #expect(asked == 0)
      sender.start(isPaused: near.isPaused)
      #expect(asked == 0)
      connection.pump()
      #expect(isSent && asked == 4)
    }

    /// Returns the bytes that have arrived, once nothing moves any more.
    private func send(
      _ total: Int, inPiecesOf size: Int, bufferSize: Int, _ delivery: MemoryTransport.Delivery
    ) -> Int {
      let reactor = Reactor()
      let connection = MemoryConnection(reactor: reactor, delivery: delivery, bufferSize: bufferSize)
      let (near, far) = (Near(), Far())
      connection.start(client: near, server: far)
      var left = total
      let source = ProducerSource {
        let count = min(size, left)
        left -= count
        return .succeed(count == 0 ? nil : [UInt8](repeating: 7, count: count))
      }
      var isSent = false
      let sender = BodySender(source, length: total, on: connection.client) { _ in isSent = true }
      near.sender = sender
      sender.start(isPaused: false)
      var before = -1
      while !isSent || far.received > before {
        before = far.received
        connection.pump()
        reactor.callSoon { [unowned reactor] in reactor.callSoon { reactor.stop() } }
        reactor.run()
        connection.pump()
        if !isSent, far.received == before { break }
      }
      return far.received
    }

    @Test func `thirty megabytes in pieces arrive over a socket whose reader is slow`() throws {
      let bench = try ClientBench()
      let total = 30_000_000
      var received = 0
      bench.server.onConnect = { connection in
        connection.transport.pauseReading()
        // Reads a little each turn, more slowly than the sender sends.
        func read() {
          guard connection.isOpen else { return }
          connection.transport.resumeReading()
          bench.reactor.callSoon {
            connection.transport.pauseReading()
            if connection.received < total {
              bench.reactor.callSoon { read() }
            } else {
              connection.transport.resumeReading()
            }
          }
        }
        read()
      }
      bench.server.answer = { request in
        received = request.body.count
        request.answer("thanks")
      }
      let body = HTTPClient.Body.producer(length: total) {
        var left = total
        return {
          let count = min(60_001, left)
          left -= count
          return .succeed(count == 0 ? nil : [UInt8](repeating: 7, count: count))
        }
      }
      let outcome = bench.fetch(HTTPClient.Request(bench.server.url, method: .post, body: body))
      bench.run()
      #expect(outcome.response?.text == "thanks" && received == total)
      bench.end()
    }
  }
}
