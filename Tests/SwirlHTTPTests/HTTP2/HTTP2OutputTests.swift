#if HTTP2
import Swirl
import SwirlHTTP2
import SwirlHTTPServer
import SwirlNet
import SwirlTesting
import Testing

/// The connections of a reactor share a buffer for their output.
@Suite struct HTTP2OutputTests {
  /// Bytes that no other stream has at the same place.
  private static func content(_ path: String, _ count: Int) -> [UInt8] {
    var state = path.utf8.reduce(UInt32(count)) { $0 &* 31 &+ UInt32($1) }
    return (0..<count).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: state >> 24)
    }
  }

  @Test(arguments: [1_000, 65_535, 1 << 24])
  func `many streams of many connections get their own bytes`(window: Int) throws {
    let sizes = [0, 1, 9, 16_384, 16_385, 65_527, 65_536, 131_072, 700_001]
    let bench = try HTTP2ServerBench(
      HTTPServer { request in
        let count = Int(request.path.split(separator: "/")[0]) ?? 0
        return .bytes(Self.content(request.path, count))
      })
    var settings = HTTP2Settings()
    settings.streamWindow = window
    let clients = (0..<3).map { _ in bench.connect(settings) }
    var calls: [(path: String, count: Int, HTTP2Call)] = []
    for count in sizes where count <= 65_536 || window > 1_000 {
      for (number, client) in clients.enumerated() {
        let path = "/\(count)/\(number)"
        calls.append((path, count, client.request("GET \(path) HTTP/1.1")))
      }
    }
    bench.run { calls.allSatisfy { $0.2.closed != nil } }
    for (path, count, call) in calls {
      #expect(call.closed == .noError)
      #expect(call.content == Self.content(path, count), "\(path)")
    }
  }

  @Test func `output that is kept for a client that reads slowly is not written over`() throws {
    let bench = try HTTP2ServerBench(HTTPServer { request in .bytes(Self.content(request.path, 300_000)) })
    var settings = HTTP2Settings()
    settings.streamWindow = 1 << 24
    let slow = bench.connect(settings)
    slow.transport?.pauseReading()
    let late = ["/a", "/b", "/c"].map { ($0, slow.request("GET \($0) HTTP/1.1")) }
    let quick = bench.connect(settings)
    for number in 0..<10 {
      let call = quick.request("GET /\(number) HTTP/1.1")
      bench.run { call.closed != nil }
      #expect(call.content == Self.content("/\(number)", 300_000))
    }
    #expect(late.allSatisfy { $0.1.content.isEmpty })
    slow.transport?.resumeReading()
    bench.run { late.allSatisfy { $0.1.closed != nil } }
    for (path, call) in late { #expect(call.content == Self.content(path, 300_000)) }
  }
}
#endif
