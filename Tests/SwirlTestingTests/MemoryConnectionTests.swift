import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

private typealias Event = RecordingProtocol.Event

@Suite(.failsOnUnhandledFailures) struct MemoryConnectionTests {
  private let client = RecordingProtocol()
  private let server = RecordingProtocol()

  private func connect(
    delivery: MemoryTransport.Delivery = .whole, bufferSize: Int = 64 * 1024
  ) -> MemoryConnection {
    let connection = MemoryConnection(delivery: delivery, bufferSize: bufferSize)
    connection.start(client: client, server: server)
    return connection
  }

  // MARK: - Bytes

  @Test func `bytes arrive when they are pumped, in order, both ways`() {
    let connection = connect()
    connection.client.write("he")
    connection.client.write("llo")
    connection.server.write("hi")
    #expect(server.events == [.made] && connection.client.unreadBytes == Array("hello".utf8))
    connection.pump()
    #expect(server.events == [.made, .data(Array("hello".utf8))])
    #expect(client.receivedText == "hi")
  }

  @Test func `a span is written as an array is`() {
    let connection = connect()
    connection.client.write([1, 2, 3].span)
    connection.pump()
    #expect(server.received == [1, 2, 3])
  }

  @Test(
    arguments: [
      (MemoryTransport.Delivery.whole, [[1, 2, 3, 4, 5]]),
      (.bytes, [[1], [2], [3], [4], [5]]),
      (.pieces([2]), [[1, 2], [3, 4, 5]]),
      (.pieces([1, 3]), [[1], [2, 3, 4], [5]]),
      (.pieces([9]), [[1, 2, 3, 4, 5]]),
    ] as [(MemoryTransport.Delivery, [[UInt8]])])
  func `bytes are cut as asked`(delivery: MemoryTransport.Delivery, pieces: [[UInt8]]) {
    let connection = connect(delivery: delivery)
    connection.client.write([1, 2, 3, 4, 5])
    connection.pump()
    #expect(server.events == [.made] + pieces.map(Event.data))
  }

  @Test func `a step moves one piece`() {
    let connection = connect(delivery: .bytes)
    connection.client.write([1, 2])
    #expect(connection.step())
    #expect(server.received == [1])
    #expect(connection.step())
    #expect(!connection.step())
  }

  @Test func `a place that the protocol offers is filled`() {
    final class Direct: StreamProtocol {
      var bytes: [UInt8] = []
      func dataReceived(_ bytes: Span<UInt8>) { Issue.record("there was a place for them") }
      func readDirectly(_ read: (inout OutputSpan<UInt8>) -> Void) -> Bool {
        bytes += [UInt8](capacity: 2) { read(&$0) }
        return true
      }
    }
    let direct = Direct()
    let connection = MemoryConnection()
    connection.start(client: client, server: direct)
    connection.client.write([1, 2, 3])
    connection.pump()
    #expect(direct.bytes == [1, 2, 3])
  }

  // MARK: - Back pressure

  @Test func `bytes beyond the buffer are queued, and the protocol is notified at its water marks`() {
    let connection = connect(bufferSize: 4)
    connection.client.waterMarks = WaterMarks(high: 4, low: 1)
    connection.client.write([1, 2, 3, 4, 5, 6, 7, 8])
    #expect(connection.client.bufferedBytes == 4 && client.events == [.made])
    connection.client.write([9])
    #expect(connection.client.bufferedBytes == 5 && client.events == [.made, .pause])
    connection.step()
    #expect(connection.client.bufferedBytes == 1 && client.events == [.made, .pause, .resume])
    connection.pump()
    #expect(server.received == Array(1...9))
  }

  @Test func `a paused end takes nothing, until it is resumed`() {
    let connection = connect(bufferSize: 2)
    connection.server.pauseReading()
    connection.client.write([1, 2, 3])
    connection.pump()
    #expect(server.received.isEmpty && connection.client.bufferedBytes == 1)
    connection.server.resumeReading()
    connection.pump()
    #expect(server.received == [1, 2, 3])
  }

  @Test func `pausing from inside a callback stops after the present piece`() {
    final class OneAtATime: StreamProtocol {
      var transport: (any Transport)?
      var bytes: [UInt8] = []
      func connectionMade(_ transport: any Transport) { self.transport = transport }
      func dataReceived(_ bytes: Span<UInt8>) {
        self.bytes.append(bytes[0])
        transport?.pauseReading()
      }
    }
    let slow = OneAtATime()
    let connection = MemoryConnection(delivery: .bytes)
    connection.start(client: client, server: slow)
    connection.client.write([1, 2])
    connection.pump()
    #expect(slow.bytes == [1])
    slow.transport?.resumeReading()
    connection.pump()
    #expect(slow.bytes == [1, 2])
  }

  // MARK: - Ends

  @Test func `close sends what was written, then both sides are notified, once`() {
    let connection = connect(bufferSize: 2)
    connection.client.write([1, 2, 3, 4, 5])
    connection.client.close()
    connection.client.write([6])
    #expect(client.events == [.made])
    connection.pump()
    #expect(server.received == [1, 2, 3, 4, 5])
    #expect(server.events.suffix(2) == [.end, .lost(.closed)])
    #expect(client.events == [.made, .lost(.closed)])
    connection.client.close()
    connection.client.abort()
    connection.pump()
    #expect(client.events == [.made, .lost(.closed)])
  }

  @Test func `after closeWrite the other direction continues`() {
    server.staysOpenAfterEnd = true
    let connection = connect()
    connection.client.write("?")
    connection.client.closeWrite()
    connection.client.write("ignored")
    connection.pump()
    #expect(server.events == [.made, .data(Array("?".utf8)), .end])
    connection.server.write("!")
    connection.server.close()
    connection.pump()
    #expect(client.events == [.made, .data(Array("!".utf8)), .end, .lost(.closed)])
    #expect(server.end?.code == .closed)
  }

  @Test func `EOF is reported after closeWrite, and moved water marks notify the protocol`() {
    let connection = connect()
    connection.client.waterMarks = WaterMarks(high: .max)
    connection.client.write([UInt8](repeating: 1, count: 100_000))
    #expect(client.events == [.made])
    connection.client.waterMarks = WaterMarks(high: 100, low: 0)
    connection.client.waterMarks = WaterMarks(high: .max, low: 100_000)
    #expect(client.events == [.made, .pause, .resume])
    connection.client.closeWrite()
    connection.server.closeWrite()
    connection.pump()
    #expect(client.events.suffix(2) == [.end, .lost(.closed)])
  }

  @Test func `both directions ended by closeWrite end the connection`() {
    client.staysOpenAfterEnd = true
    server.staysOpenAfterEnd = true
    let connection = connect()
    connection.client.closeWrite()
    connection.pump()
    connection.server.closeWrite()
    connection.pump()
    #expect(client.end?.code == .closed && server.end?.code == .closed)
  }

  @Test func `abort drops what is in flight, and the peer's read fails`() {
    let connection = connect()
    connection.client.write([1])
    connection.client.abort()
    connection.pump()
    #expect(client.events == [.made, .lost(.aborted)])
    #expect(server.events == [.made, .lost(.failed)])
    #expect("\(server.end!)" == "read from 192.0.2.1:49152: connection reset by peer")
  }

  @Test func `writing to a closed peer fails, at the write after the one that detected it`() {
    server.staysOpenAfterEnd = true
    let connection = connect()
    connection.client.close()
    connection.pump()
    connection.server.write([1])
    connection.pump()
    #expect(server.end == nil)
    connection.server.write([2])
    #expect(server.end == nil)
    connection.pump()
    #expect("\(server.end!)" == "write to 192.0.2.1:49152: broken pipe")
  }

  @Test func `a connection that is released frees its protocols without a word`() {
    weak var weakClient: RecordingProtocol?
    do {
      let client = RecordingProtocol()
      weakClient = client
      let connection = MemoryConnection()
      connection.start(client: client, server: server)
      connection.client.write([1])
    }
    #expect(weakClient == nil)
    #expect(server.events == [.made])
  }

  // MARK: - Driven

  @Test func `a reactor that drives it needs no pump`() {
    final class Echo: StreamProtocol {
      var transport: (any Transport)?
      func connectionMade(_ transport: any Transport) { self.transport = transport }
      func dataReceived(_ bytes: Span<UInt8>) { transport?.write(bytes) }
      func connectionLost(_ end: ConnectionEnd) { transport = nil }
    }
    final class Client: StreamProtocol {
      var transport: (any Transport)?
      var bytes: [UInt8] = []
      func connectionMade(_ transport: any Transport) {
        self.transport = transport
        transport.write([1, 2, 3])
      }
      func dataReceived(_ bytes: Span<UInt8>) {
        self.bytes += bytes.withUnsafeBufferPointer { Array($0) }
        if self.bytes.count == 3 { transport?.close() }
      }
      func connectionLost(_ end: ConnectionEnd) { transport?.reactor.stop() }
    }
    let reactor = Reactor()
    let connection = MemoryConnection(reactor: reactor, isDrivenByReactor: true, delivery: .bytes)
    let client = Client()
    connection.start(client: client, server: Echo())
    let watch = reactor.callLater(.seconds(20)) {
      Issue.record("nothing stopped the reactor")
      reactor.crash()
    }
    reactor.run()
    watch.cancel()
    #expect(client.bytes == [1, 2, 3])
  }
}
