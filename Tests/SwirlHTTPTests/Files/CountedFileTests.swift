import Foundation
import Swirl
import Testing

@testable import SwirlHTTPServer

/// Streams of HTTP/2 do not take all descriptors by files that they do not read.
@Suite struct CountedFileTests {
  private static let size = 500_000

  private func server(_ bench: FileBench, limit: Int?) throws -> HTTPServer {
    let path = try bench.file("a.bin", [UInt8](repeating: 65, count: Self.size))
    let small = try bench.file("small.txt", "small")
    var configuration = HTTPServer.Configuration()
    configuration.maximumOpenFiles = limit
    return HTTPServer(configuration: configuration) { .file($0.path == "/small" ? small : path) }
  }

  #if HTTP2
  @Test func `beyond the bound a connection has two files at a time, and 503 for more`() throws {
    let files = try FileBench()
    let server = try server(files, limit: 3)
    let bench = try HTTP2ServerBench(server)
    let greedy = bench.connect(window: 20_000)
    let calls = (0..<10).map { _ in greedy.request("GET / HTTP/1.1") }
    bench.run { calls.allSatisfy { $0.status != nil } }
    #expect(calls.map(\.status) == Array(repeating: 200, count: 3) + Array(repeating: 503, count: 7))
    #expect(calls[3].head?.contains("retry-after: 1") == true)
    #expect(server.openFiles == 3)
    // Another one is served, as is what is small.
    let other = bench.connect(window: 20_000)
    let others = (0..<3).map { _ in other.request("GET / HTTP/1.1") }
    let small = greedy.request("GET /small HTTP/1.1"), headOnly = greedy.request("HEAD / HTTP/1.1")
    bench.run { (others + [small, headOnly]).allSatisfy { $0.status != nil } }
    #expect(others.map(\.status) == [200, 200, 503])
    #expect(small.text == "small")
    // Those that are over make room.
    for call in calls + others { call.reset() }
    bench.run { server.openFiles == 0 }
    let next = bench.connect().request("GET / HTTP/1.1")
    bench.run { next.closed != nil }
    #expect(next.content.count == Self.size)
    #expect(server.openFiles == 0)
  }

  @Test func `the end of a connection closes its files`() throws {
    let files = try FileBench()
    let server = try server(files, limit: nil)
    let bench = try HTTP2ServerBench(server)
    let client = bench.connect(window: 20_000)
    let calls = (0..<10).map { _ in client.request("GET / HTTP/1.1") }
    bench.run { calls.allSatisfy { $0.status != nil } }
    #expect(server.openFiles == 10)
    client.transport?.abort()
    bench.run { server.openFiles == 0 }
  }
  #endif

  @Test func `a connection of HTTP/1 is always sent its file`() throws {
    let bench = try FileBench()
    let server = try server(bench, limit: 0)
    let responses = try bench.fetch(
      server, [("/", .get, [:]), ("/", .head, [:]), ("/", .get, [.range: "bytes=0-99999"])])
    #expect(responses.map(\.status.code) == [200, 200, 206])
    #expect(server.openFiles == 0)
  }

  @Test func `the default is a quarter of the descriptors`() {
    let limit = sysconf(Int32(_SC_OPEN_MAX))
    #expect(CountedFile.defaultMaximum == max(16, limit / 4))
  }
}
