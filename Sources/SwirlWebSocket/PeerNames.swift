// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlDeferred

extension WebSocket {
  /// Browsers, ws.
  @available(*, unavailable, message: "a socket is open when the program gets it: send at once")
  public func onOpen(_ callback: @escaping () -> Void) { fatalError() }
  /// Browsers, ws.
  @available(*, unavailable, message: "onClose is called with the error, in `close.error`")
  public func onError(_ callback: @escaping (any Error) -> Void) { fatalError() }
  /// WebSocketKit.
  @available(*, unavailable, message: "onMessage is called with .text and .binary")
  public func onBinary(_ callback: @escaping ([UInt8]) -> Void) { fatalError() }
  /// ws, Tornado.
  @available(*, unavailable, message: "the socket answers pings; the program's own are ping(), with the round trip")
  public func onPing(_ callback: @escaping () -> Void) { fatalError() }
  /// ws, Tornado.
  @available(*, unavailable, message: "await ping(), or read `roundTrip`")
  public func onPong(_ callback: @escaping () -> Void) { fatalError() }
  /// Browsers, aiohttp.
  @available(*, unavailable, renamed: "subprotocol")
  public var `protocol`: String? { fatalError() }
  /// Browsers.
  @available(*, unavailable, renamed: "isOpen")
  public var readyState: Int { fatalError() }
  /// Browsers.
  @available(*, unavailable, renamed: "bufferedBytes")
  public var bufferedAmount: Int { fatalError() }
  /// Tornado: `write_message`.
  @available(*, unavailable, renamed: "send(_:)")
  public func writeMessage(_ text: String) { fatalError() }
  /// aiohttp: `send_str`.
  @available(*, unavailable, renamed: "send(_:)")
  public func sendString(_ text: String) { fatalError() }
  /// aiohttp, Autobahn.
  @available(*, unavailable, renamed: "send(_:)")
  public func sendBytes(_ bytes: [UInt8]) { fatalError() }
  /// Others.
  @available(*, unavailable, renamed: "send(_:)")
  public func sendText(_ text: String) { fatalError() }
  /// Others.
  @available(*, unavailable, renamed: "send(_:)")
  @discardableResult
  public func send(text: String) -> Deferred<Void> { fatalError() }
  /// aiohttp, Tornado, websockets.
  @available(*, unavailable, renamed: "close(_:reason:)")
  public func close(code: CloseCode, reason: String = "") { fatalError() }
}

extension WebSocket.Close {
  /// WHATWG.
  @available(*, unavailable, renamed: "isClean")
  public var wasClean: Bool { fatalError() }
}

extension WebSocket.CloseCode {
  /// Others.
  @available(*, unavailable, renamed: "normalClosure")
  public static var normal: WebSocket.CloseCode { fatalError() }
}
