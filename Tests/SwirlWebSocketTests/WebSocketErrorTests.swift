import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketErrorTests {
  @Test func `an error says what happened, and the code that the peer gets`() {
    let error = WebSocketError.violation("a reserved bit is set (RFC 6455 §5.2)")
    #expect(error.code == 1002)
    #expect("\(error)" == "a reserved bit is set (RFC 6455 §5.2) (close code 1002)")
  }
}
