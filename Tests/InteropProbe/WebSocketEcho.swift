import Foundation
import Swirl
import SwirlWebSocket

/// A client's end, on the machines of a WebSocket alone: echoes each message.
private final class WebSocketEcho: StreamProtocol {
  private var reader: WebSocketReader
  private var writer: WebSocketWriter
  private var transport: (any Transport)!
  private let compresses: Bool
  private var isClosed = false
  /// Called with each message that is text, before it is echoed.
  var onText: (String) -> Void = { _ in }
  var onEnd: () -> Void = {}

  init(_ deflate: WebSocketDeflate.Agreed?) {
    reader = WebSocketReader(role: .client, limits: WebSocketLimits(frame: 1 << 26, message: 1 << 26), deflate: deflate)
    writer = WebSocketWriter(role: .client, deflate: deflate)
    compresses = deflate != nil
  }

  func connectionMade(_ transport: any Transport) { self.transport = transport }

  func dataReceived(_ bytes: Span<UInt8>) {
    var position = 0
    var output: [UInt8] = []
    do {
      while let event = try reader.next(bytes, from: &position) {
        switch event {
        case .text, .binary:
          let content = reader.takeContent()
          if event == .text { onText(String(decoding: content, as: UTF8.self)) }
          writer.message(content.span, isText: event == .text, compressed: compresses, to: &output)
        case .ping: writer.control(.pong, reader.takeControl().span, to: &output)
        case .pong: break
        case .close(let code): close(code, "", &output)
        }
      }
    } catch {
      close(error.code, error.reason, &output)
    }
    if !output.isEmpty { transport.write(output) }
    if isClosed { transport.close() }
  }

  private func close(_ code: UInt16?, _ reason: String, _ output: inout [UInt8]) {
    if !isClosed { writer.close(code: code, reason: reason, to: &output) }
    isClosed = true
  }

  func connectionLost(_ end: ConnectionEnd) { onEnd() }
}

/// Asks for a WebSocket, and echoes then.
private final class WebSocketOpening: StreamProtocol {
  private let key = WebSocketHandshake.makeKey()
  private let host: String
  private let target: String
  private var parser = ResponseParser()
  private let makeEcho: (WebSocketDeflate.Agreed?) -> WebSocketEcho
  private var transport: (any Transport)!
  private let deflate = WebSocketDeflate()

  init(_ host: String, _ target: String, _ makeEcho: @escaping (WebSocketDeflate.Agreed?) -> WebSocketEcho) {
    self.host = host
    self.target = target
    self.makeEcho = makeEcho
  }

  func connectionMade(_ transport: any Transport) {
    self.transport = transport
    transport.write(
      "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: \(key)\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: \(deflate.offer)\r\n\r\n"
    )
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    var position = 0
    do {
      let head: ResponseHead
      switch try parser.next(bytes, at: &position) {
      case .upgraded(let answer), .head(let answer): head = answer
      default: return
      }
      let agreement = try WebSocketHandshake.agreement(in: head, key: key, protocols: [], deflate: deflate)
      let echo = makeEcho(agreement.deflate)
      transport.streamProtocol = echo
      echo.connectionMade(transport)
      if position < bytes.count { echo.dataReceived(bytes.extracting(position...)) }
    } catch {
      FileHandle.standardError.write(Data("\(target): \(error)\n".utf8))
      exit(1)
    }
  }
}

/// A server that echoes, on any path.
func serveWebSockets(_ arguments: [String]) throws {
  var configuration = WebSocket.Configuration()
  configuration.maximumMessageSize = 1 << 26
  configuration.sendBufferSize = 1 << 26
  configuration.compression = .deflate
  let server = HTTPServer { _ in
    .webSocket(configuration: configuration) { socket in
      socket.onMessage { socket.send($0) }
    }
  }
  let port = settings(arguments)["port"].flatMap { Int($0) } ?? 0
  print(try server.listen(port).localAddress)
  fflush(nil)
  Reactor.current.run()
}

/// A client that echoes what the test server of Autobahn sends, one case after the other.
func echoCases(_ arguments: [String]) {
  let port = Int(settings(arguments)["port"] ?? "")!
  let reactor = Reactor.current
  func open(_ target: String, onText: @escaping (String) -> Void = { _ in }, then: @escaping () -> Void) {
    let opening = reactor.connectTCP("127.0.0.1", port) {
      WebSocketOpening("127.0.0.1:\(port)", target) { deflate in
        let echo = WebSocketEcho(deflate)
        echo.onText = onText
        echo.onEnd = then
        return echo
      }
    }
    opening.addErrback { error in
      FileHandle.standardError.write(Data("\(target): \(error)\n".utf8))
      exit(1)
    }
  }
  var count = 0
  func run(_ number: Int) {
    guard number <= count else {
      open("/updateReports?agent=Swirl") { reactor.stop() }
      return
    }
    open("/runCase?case=\(number)&agent=Swirl") { run(number + 1) }
  }
  open("/getCaseCount", onText: { count = Int($0) ?? 0 }) { run(1) }
  reactor.run()
}
