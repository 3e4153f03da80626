import SwirlReactor
import Testing

@testable import SwirlWebSocket

@Suite struct WebSocketWriterTests {
  private func written(
    _ role: WebSocketRole = .server, _ deflate: WebSocketDeflate.Agreed? = nil,
    _ body: (inout WebSocketWriter, inout [UInt8]) -> Void
  ) -> [UInt8] {
    var writer = WebSocketWriter(role: role, deflate: deflate)
    var output: [UInt8] = []
    body(&writer, &output)
    return output
  }

  @Test func `a server's frames are those of RFC 6455 §5.7`() {
    let hello = Array("Hello".utf8)
    #expect(
      written { $0.message(hello.span, isText: true, compressed: false, to: &$1) } == hex("81 05 48 65 6c 6c 6f"))
    #expect(written { $0.control(.ping, hello.span, to: &$1) } == hex("89 05 48 65 6c 6c 6f"))
    let fragments = written {
      $0.fragment(hello.span.extracting(..<3), isText: true, compressed: false, isFirst: true, isLast: false, to: &$1)
      $0.fragment(hello.span.extracting(3...), isText: true, compressed: false, isFirst: false, isLast: true, to: &$1)
    }
    #expect(fragments == hex("01 03 48 65 6c 80 02 6c 6f"))
    #expect(WebSocketWriter.encoded(hello.span, isText: true) == hex("81 05 48 65 6c 6c 6f"))
  }

  @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100_000])
  func `a length is in its shortest form, and both ends read it`(_ count: Int) {
    let content = noise(count)
    let plain = written { $0.message(content.span, isText: false, compressed: false, to: &$1) }
    #expect(plain == frame(0x82, content))
    let masked = written(.client) { $0.message(content.span, isText: false, compressed: false, to: &$1) }
    #expect(masked.count == plain.count + 4)
    #expect(masked[1] & 0x80 != 0)
    #expect(read([masked], as: .server) == [.binary(content)])
  }

  @Test func `each frame of a client has another key`() {
    var keys: Set<[UInt8]> = []
    var writer = WebSocketWriter(role: .client, deflate: nil)
    let nothing: [UInt8] = []
    for _ in 0..<200 {
      var output: [UInt8] = []
      writer.control(.pong, nothing.span, to: &output)
      keys.insert(Array(output[2...]))
    }
    #expect(keys.count > 195)
  }

  @Test func `keys follow from the seed of a virtual reactor`() {
    func frames(seed: UInt64) -> [UInt8] {
      let reactor = Reactor(clock: .virtual(seed: seed))
      var output: [UInt8] = []
      reactor.callLater(.seconds(1)) { [unowned reactor] in
        let nothing: [UInt8] = []
        var writer = WebSocketWriter(role: .client, deflate: nil)
        for _ in 0..<100 { writer.control(.pong, nothing.span, to: &output) }
        reactor.crash()
      }
      reactor.run()
      return output
    }
    #expect(frames(seed: 7) == frames(seed: 7))
    #expect(frames(seed: 7) != frames(seed: 8))
  }

  @Test func `a reason is cut at 123 bytes, before the character that does not fit`() {
    let reason = String(repeating: "a", count: 121) + "€"
    let output = written { $0.close(code: 1001, reason: reason, to: &$1) }
    #expect(read([output]) == [.close(1001, String(repeating: "a", count: 121))])
    let exact = String(repeating: "€", count: 41)
    #expect(read([written { $0.close(code: 4000, reason: exact, to: &$1) }]) == [.close(4000, exact)])
    #expect(written { $0.close(code: nil, reason: "not sent", to: &$1) } == [0x88, 0])
  }

  @Test func `frames follow each other in one buffer`() {
    let output = written(.client) {
      for number in 0..<100 as Range<UInt8> {
        let content = [number, 1, 2]
        $0.message(content.span, isText: false, compressed: false, to: &$1)
      }
    }
    #expect(read([output], as: .server) == (0..<100).map { .binary([$0, 1, 2]) })
  }
}
