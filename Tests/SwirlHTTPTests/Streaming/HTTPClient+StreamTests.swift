import Foundation
import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct StreamTests {
    static let chunked: HTTPFields = [HTTPField.Name("X-Chunked")!: "1"]

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases, [true, false])
    func `50 MB wait at the server until they are taken, and then come in order`(
      _ place: Place, _ isChunked: Bool
    ) async throws {
      let bench = try await StreamBench()
      let size = 50_000_000
      // HTTP/2 has a window for each stream.
      let most = BodyWaterMarks.high + 64 * 1024 + (WireVersion.current == .http2 ? 1 << 20 : 0)
      try await bench.thread.run(place) {
        let response = try await bench.stream("/stream?\(size)", headers: isChunked ? Self.chunked : [:])
        #expect(response.status == .ok)
        #expect(response["content-length"] == (isChunked ? nil : "\(size)"))
        let body = response.body
        try await bench.thread.wait { _ in
          body.bufferedCost > BodyWaterMarks.high && bench.writer?.canWrite == false
        }
        // Nothing moves any more.
        try await bench.thread.pass(.milliseconds(20))
        #expect(body.bufferedCost <= most)
        let written = try await bench.thread.call { _ in bench.writer?.bytesWritten ?? 0 }
        #expect(written < 20_000_000)
        var check = Check()
        for try await bytes in body {
          check.take(bytes)
          if body.bufferedCost > most { Issue.record("\(body.bufferedCost) bytes wait") }
        }
        #expect(check.count == size)
        #expect(check.isRight)
        let next = try await bench.fetch("/")
        #expect(next.text == "ok")
      }
      let peers = try await bench.thread.call { _ in bench.peers }
      #expect(peers.count == 2 && peers[0] == peers[1], "the connection is used again")
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `leaving the loop closes the connection, which the server's writer sees`(_ place: Place) async throws {
      let bench = try await StreamBench()
      try await bench.thread.run(place) {
        for try await bytes in try await bench.stream("/stream?50000000").body {
          #expect(!bytes.isEmpty)
          break
        }
      }
      try await bench.thread.wait { _ in bench.disconnects == 1 && bench.client.counts.busy == 0 }
      let next = try await bench.fetch("/")
      #expect(next.text == "ok")
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `releasing a response unread closes the connection`(_ place: Place) async throws {
      let bench = try await StreamBench()
      try await bench.thread.run(place) { _ = try await bench.stream("/stream?50000000").status }
      try await bench.thread.wait { _ in bench.disconnects == 1 && bench.client.counts.busy == 0 }
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `a body without content ends at once, and its connection is free`(_ place: Place) async throws {
      let bench = try await StreamBench()
      try await bench.thread.run(place) {
        var counts: [Int] = []
        counts.append(try await bench.stream("/stream?0").check().count)
        counts.append(try await bench.stream("/stream?0", headers: Self.chunked).check().count)
        counts.append(try await bench.stream("/stream?3").check().count)
        #expect(counts == [0, 0, 3])
      }
      let connections = try await bench.connections()
      #expect(connections == [1, 1])
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `cancelling 300 tasks at random moments leaves nothing behind`(_ place: Place) async throws {
      let bench = try await StreamBench()
      var random = SeededGenerator(seed: 7)
      for _ in 0..<300 {
        let task = Task {
          try await bench.thread.run(place) {
            try await bench.stream("/stream?300000").check()
          }
        }
        for _ in 0..<Int.random(in: 0..<400, using: &random) { await Task.yield() }
        task.cancel()
        switch await task.result {
        case .success(let check):
          #expect(check.count == 300_000 && check.isRight)
        case .failure(let error):
          #expect(error is CancellationError || error is CancelledError, "\(error)")
        }
      }
      // All connections are idle, and both sides agree.
      try await bench.thread.wait { _ in
        bench.client.connections == bench.client.counts.idle
          && bench.server.connectionCount == bench.client.connections
      }
      let left = try await bench.connections()[0]
      #expect(left <= 1)
      #expect(OwnSockets(of: bench.port).count == 1 + 2 * left)
      let next = try await bench.fetch("/")
      #expect(next.text == "ok")
      try await bench.end()
    }

    /// A failure after the head, and the error that the loop throws.
    struct Trouble: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let answer: String
      /// The connection's behaviour after `answer`.
      var then: @Sendable (RawConnection) -> Void = { $0.close() }
      var timeout: Duration?
      let code: HTTPError.Code
      let words: String
    }

    static let length = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    static let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    static let troubles = [
      Trouble(
        testDescription: "an end before the length", answer: length + "hello", code: .closedEarly,
        words: "10 bytes, 5 received"),
      Trouble(
        testDescription: "an end between chunks", answer: chunks + "5\r\nhello\r\n", code: .closedEarly,
        words: "5 bytes received"),
      Trouble(
        testDescription: "garbage for a chunk", answer: chunks + "5\r\nhello\r\nxyz\r\n", then: { _ in },
        code: .invalidResponse, words: "chunk"),
      Trouble(
        testDescription: "garbage behind a chunk", answer: chunks + "5\r\nhelloworld\r\n", then: { _ in },
        code: .invalidResponse, words: "chunk"),
      Trouble(
        testDescription: "silence", answer: length + "hello", then: { _ in }, timeout: .seconds(2),
        code: .timeout, words: "no more of the body within 2.0 seconds"),
    ]

    @Test(.http1Only("malformed chunks and heads"), .timeLimit(.minutes(10)), arguments: Place.allCases, troubles)
    func `a body that breaks off is taken as far as it came, and then throws what happened`(
      _ place: Place, _ trouble: Trouble
    ) async throws {
      let bench = try await StreamBench()
      try await bench.thread.call { _ in
        bench.raw.answer = { request in
          request.connection.send(trouble.answer)
          trouble.then(request.connection)
        }
      }
      let url = "http://127.0.0.1:\(bench.rawPort)/x"
      try await bench.thread.run(place) {
        let response = try await bench.stream(url, timeout: trouble.timeout)
        #expect(response.url == url)
        var taken: [UInt8] = []
        var thrown: HTTPError?
        do { for try await bytes in response.body { taken += bytes } } catch { thrown = error as? HTTPError }
        #expect(String(decoding: taken, as: UTF8.self) == "hello")
        #expect(thrown?.code == trouble.code)
        #expect(thrown?.url == url)
        #expect(thrown?.description.contains(trouble.words) == true, "\(thrown?.description ?? "-")")
      }
      try await bench.end()
    }

    @Test(.http1Only("malformed chunks and heads"), .timeLimit(.minutes(10)), arguments: Place.allCases)
    func `before the head it fails as a fetch does`(_ place: Place) async throws {
      let bench = try await StreamBench()
      try await bench.thread.call { _ in
        bench.raw.answer = { $0.target == "/slow" ? () : $0.connection.close(after: "garbage\r\n\r\n") }
      }
      let url = "http://127.0.0.1:\(bench.rawPort)"
      try await bench.thread.run(place) {
        let garbage = await error { _ = try await bench.stream(url + "/garbage") } as? HTTPError
        #expect(garbage?.code == .invalidResponse)
        let slow = await error { _ = try await bench.stream(url + "/slow", timeout: .milliseconds(20)) } as? HTTPError
        #expect(slow?.code == .timeout)
        #expect(slow?.description.contains("no complete answer within") == true)
        let bad = await error { _ = try await bench.stream("ftp://x/") } as? HTTPError
        #expect(bad?.code == .unsupportedScheme)
      }
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `the time of a request does not pass while its loop makes the server wait`(_ place: Place) async throws {
      let bench = try await StreamBench()
      try await bench.thread.run(place) {
        let response = try await bench.stream("/stream?3000000", timeout: .seconds(2))
        let body = response.body
        try await bench.thread.wait { _ in body.bufferedCost > BodyWaterMarks.high }
        try await bench.thread.pass(.seconds(3))
        let check = try await response.check()
        #expect(check.count == 3_000_000 && check.isRight)
      }
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `the limit on collected bodies is for those only, also on the same connection`(_ place: Place) async throws {
      var configuration = HTTPClient.Configuration.patient
      configuration.maximumBodySize = 1000
      let bench = try await StreamBench(configuration)
      try await bench.thread.run(place) {
        let check = try await bench.stream("/stream?100000").check()
        #expect(check.count == 100_000)
        let large = await error { _ = try await bench.fetch("/stream?100000") } as? HTTPError
        #expect(large?.code == .bodyTooLarge)
      }
      let peers = try await bench.thread.call { _ in bench.peers }
      #expect(peers.count == 2 && peers[0] == peers[1])
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)))
    func `a body that lasts until the server closes ends with that`() async throws {
      let bench = try await StreamBench()
      try await bench.thread.call { _ in
        bench.raw.answer = { $0.connection.close(after: "HTTP/1.1 200 OK\r\n\r\nhello") }
      }
      var taken: [UInt8] = []
      for try await bytes in try await bench.stream("http://127.0.0.1:\(bench.rawPort)/").body { taken += bytes }
      #expect(String(decoding: taken, as: UTF8.self) == "hello")
      try await bench.end()
    }

    @Test(.timeLimit(.minutes(10)))
    func `a reactor that is released ends the loops of its streams`() async throws {
      let (body, remote) = try await withCheckedThrowingContinuation { waiter in
        Thread.detachNewThread {
          let reactor = Reactor()
          // Closures of the reactor must not retain it.
          unowned let running = reactor
          reactor.callWhenRunning {
            let server = try RawServer(on: running) { $0.connection.send(Self.length + "hello") }
            HTTPClient(on: running).stream(HTTPClient.Request(server.url)).addBoth { result in
              waiter.resume(with: result.map { ($0.body, running.remote) })
              withExtendedLifetime(server) {}
              running.stop()
            }
          }
          reactor.run()
        }
      }
      let thrown = await error { for try await _ in body {} } as? HTTPError
      #expect(thrown?.code == .clientClosed)
      _ = remote
    }

    @Test(.timeLimit(.minutes(10)), arguments: Place.allCases)
    func `a task that is cancelled gets no more, even if much waits for it`(_ place: Place) async throws {
      let bench = try await StreamBench()
      let task = Task {
        try await bench.thread.run(place) {
          let body = try await bench.stream("/stream?50000000").body
          try await bench.thread.wait { _ in body.bufferedCost > BodyWaterMarks.high }
          var count = 0
          for try await _ in body {
            withUnsafeCurrentTask { $0?.cancel() }
            count += 1
          }
          return count
        }
      }
      let thrown = await error { _ = try await task.value }
      #expect(thrown is CancellationError)
      try await bench.thread.wait { _ in bench.disconnects == 1 && bench.client.counts.busy == 0 }
      try await bench.end()
    }

    @Test(.http1Only("the connection is closed"), .timeLimit(.minutes(10)), arguments: Place.allCases)
    func `a task that is cancelled while it waits for more gets a CancelledError, and the connection is closed`(
      _ place: Place
    ) async throws {
      let bench = try await StreamBench()
      try await bench.thread.call { _ in bench.raw.answer = { $0.connection.send(Self.length + "hello") } }
      let task = Task {
        try await bench.thread.run(place) {
          for try await _ in try await bench.stream("http://127.0.0.1:\(bench.rawPort)/").body {
            withUnsafeCurrentTask { $0?.cancel() }
          }
        }
      }
      let thrown = await error { try await task.value }
      #expect(thrown is CancellationError)
      try await bench.thread.wait { _ in bench.raw.isIdle && bench.client.counts.busy == 0 }
      try await bench.end()
    }
  }
}
