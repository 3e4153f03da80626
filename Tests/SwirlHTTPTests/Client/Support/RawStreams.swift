#if HTTP2
import HTTPTypes
import SwirlHTTP2
import SwirlNet
import SwirlReactor

@testable import SwirlHTTPCore

/// An HTTP/2 connection of the raw server. Each stream looks like a connection that carries one request: what the test
/// sends as a response in HTTP/1 goes out as frames.
final class RawStreams: StreamProtocol {
  fileprivate unowned let server: RawServer
  fileprivate let session: HTTP2Session
  fileprivate private(set) var transport: (any Transport)!
  private var streams: [Int32: RawStream] = [:]
  /// The number of requests so far.
  fileprivate var requests = 0
  let number: Int

  init(of server: RawServer) {
    self.server = server
    session = HTTP2Session(.server)
    number = server.accept()
  }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    server.opened(self, number: number)
    flush()
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    let copy = bytes.withUnsafeBufferPointer { Array($0) }
    // What is wrong in the client's bytes it hears by GOAWAY.
    try? session.receive(bytes) { take($0, copy) }
    flush()
  }

  private func take(_ event: HTTP2Event, _ bytes: [UInt8]) {
    switch event {
    case .head(let id, let section, _):
      let stream = RawStream(id, on: self)
      streams[id] = stream
      requests += 1
      let connection = RawConnection(of: server, on: stream, request: requests)
      stream.connection = connection
      connection.connectionMade(stream)
      stream.expect(section.bytes)
      connection.take(head: section.bytes)
    case .data(let id, let range):
      session.consumeConnection(range.count)
      session.consume(range.count, of: id)
      streams[id]?.connection?.take(content: Array(bytes[range]))
    case .end(let id): streams[id]?.connection?.takeEnd()
    case .closed(let id, _): streams[id]?.end(ConnectionEnd(.closed))
    default: break
    }
  }

  fileprivate func flush() {
    while let bytes = session.takeOutput() { transport.write(bytes) }
    if session.isOver { transport.close() }
  }

  fileprivate func remove(_ stream: RawStream) { streams[stream.id] = nil }

  func connectionLost(_ end: ConnectionEnd) {
    for stream in streams.values.sorted(by: { $0.id < $1.id }) { stream.end(end) }
    server.lost(number)
  }
}

/// The transport of one stream.
private final class RawStream: Transport {
  let id: Int32
  private let owner: RawStreams
  fileprivate var connection: RawConnection?
  private var parser = ResponseParser(isLenient: true)
  private var isOver = false
  private var hasBegun = false

  init(_ id: Int32, on owner: RawStreams) {
    self.id = id
    self.owner = owner
  }

  /// - Parameter head: that of the request.
  func expect(_ head: [UInt8]) {
    parser.expect(HTTPRequest.Method(String(decoding: head.prefix { $0 != 0x20 }, as: UTF8.self)) ?? .get)
  }

  var reactor: Reactor { owner.transport.reactor }
  var localAddress: SocketAddress? { owner.transport.localAddress }
  var peerAddress: SocketAddress? { owner.transport.peerAddress }
  var tlsInfo: TLSInfo? { owner.transport.tlsInfo }
  var streamProtocol: (any StreamProtocol)?
  var bufferedBytes: Int { owner.transport.bufferedBytes }
  var waterMarks = WaterMarks()
  func pauseReading() { owner.transport.pauseReading() }
  func resumeReading() { owner.transport.resumeReading() }

  func write(_ bytes: Span<UInt8>) { write(bytes.withUnsafeBufferPointer { Array($0) }) }

  func write(_ bytes: [UInt8]) {
    var offset = 0
    do throws(HTTPWireError) {
      while !isOver {
        let event = try parser.next(bytes.span, at: &offset)
        if case .needMore = event { break }
        take(event, of: bytes)
      }
    } catch { reset(.protocolError) }
    owner.flush()
  }

  private func take(_ event: ResponseEvent, of bytes: [UInt8]) {
    switch event {
    case .needMore: break
    case .informational(let head): try? owner.session.respond(head.bytes, on: id, hasContent: false)
    case .head(let head):
      hasBegun = true
      try? owner.session.respond(head.bytes, on: id, hasContent: head.framing != .none)
    case .data(let range): _ = owner.session.write(Array(bytes[range]), on: id)
    case .end(let trailers):
      owner.session.end(id, trailers: trailers)
      isOver = true
    case .upgraded: reset(.protocolError)
    }
  }

  private func reset(_ code: HTTP2ErrorCode) {
    if isOver { return }
    isOver = true
    owner.flush()
    owner.session.reset(id, code)
  }

  func closeWrite() { close() }

  func close() {
    if !isOver {
      switch try? parser.endOfInput() {
      case .end(let trailers): take(.end(trailers: trailers), of: [])
      default: reset(.internalError)
      }
    }
    owner.flush()
  }

  func abort() {
    guard owner.server.resetsStreams else { return owner.transport.abort() }
    reset(.cancel)
    owner.flush()
  }

  func end(_ end: ConnectionEnd) {
    isOver = true
    owner.remove(self)
    connection.take()?.connectionLost(end)
  }
}
#endif
