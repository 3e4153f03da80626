#if HTTP2
import HTTPTypes
import SwirlHTTP2
import Testing

/// RFC 9218: the order in which a server sends content.
@Suite struct PriorityTests {
  /// The streams of the DATA frames of answers of 64 KiB to `requests`, in order.
  private func order(_ requests: [Frame], of streams: [Int32], then more: [Frame] = []) throws -> [Int] {
    let bench = try FrameBench.server(clientSettings: [(4, 1 << 20)])
    bench.receive([.windowUpdate(0, 1 << 20)] + requests)
    for stream in streams {
      try bench.respond(stream, "HTTP/1.1 200 OK\r\n\r\n", [UInt8](repeating: 1, count: 64 * 1024))
    }
    bench.receive(more)
    return bench.sent.filter { $0.kind == .data }.map(\.stream)
  }

  @Test func `streams without a priority share the connection`() throws {
    #expect(try order([.get(1), .get(3)], of: [1, 3]) == [1, 3, 1, 3, 1, 3, 1, 3])
  }

  @Test func `a stream that is not incremental is sent whole`() throws {
    let requests = [Frame.get(1, [("priority", "u=3")]), .get(3, [("priority", "u=3")])]
    #expect(try order(requests, of: [1, 3]) == [1, 1, 1, 1, 3, 3, 3, 3])
  }

  @Test func `the more urgent is first`() throws {
    let requests = [Frame.get(1, [("priority", "u=5, i")]), .get(3), .get(5, [("priority", "u=0, i")])]
    #expect(try order(requests, of: [1, 3, 5]) == [5, 5, 5, 5, 3, 3, 3, 3, 1, 1, 1, 1])
  }

  @Test func `PRIORITY_UPDATE changes a stream`() throws {
    let requests = [Frame.get(1), .get(3), .priorityUpdate(3, "u=1")]
    #expect(try order(requests, of: [1, 3]) == [3, 3, 3, 3, 1, 1, 1, 1])
  }

  @Test func `PRIORITY_UPDATE may precede its stream`() throws {
    let requests = [Frame.priorityUpdate(3, "u=1"), .get(1), .get(3)]
    #expect(try order(requests, of: [1, 3]) == [3, 3, 3, 3, 1, 1, 1, 1])
  }

  @Test(arguments: ["u=9", "garbage=", "u=1, =", ""]) func `a priority that cannot be read is no priority`(
    value: String
  ) throws {
    let requests = [Frame.get(1, [("priority", value)]), .get(3, [("priority", value)])]
    #expect(try Set(order(requests, of: [1, 3]).prefix(4)).count == (value == "" ? 1 : 2))
  }

  @Test func `a client sends the field as it is`() throws {
    let client = HTTP2Session(.client)
    let server = HTTP2Session(.server)
    _ = try client.request(
      Array("GET / HTTP/1.1\r\nHost: a\r\nPriority: u=1, i\r\n\r\n".utf8), scheme: "https", hasContent: false)
    var head = ""
    let output = try #require(client.takeOutput())
    try server.receive(output.span) {
      if case .head(_, let section, _) = $0 { head = String(decoding: section.bytes, as: UTF8.self) }
    }
    #expect(head == "GET / HTTP/2.0\r\nHost: a\r\npriority: u=1, i\r\n\r\n")
  }
}
#endif
