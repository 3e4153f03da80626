import HTTPTypes
import SwirlDeferred
import SwirlNet
import SwirlReactor
import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension HTTPClientTests {
  @Suite(.inBothVersions) struct StreamCallbacksTests {
    private struct Trouble: Error, Equatable {}

    private static func chunks(_ request: RawRequest) {
      request.connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
      let pieces = (0..<5).map { Array("3\r\nab\($0)\r\n".utf8) } + [Array("0\r\nX-End: yes\r\n\r\n".utf8)]
      request.connection.send(pieces: pieces)
    }

    @Test func `the head comes first, then the content in pieces, then the response with its trailers and no content`()
      throws
    {
      let bench = try ClientBench { Self.chunks($0) }
      var events: [String] = []
      bench.client.fetch(
        HTTPClient.Request(bench.server.url), onHead: { events.append("head \($0.status.code) \($0.body.count)") }
      ) { events.append(String(decoding: $0, as: UTF8.self)) }
      .addCallback { response in
        events.append("end \(response.body.count) \(response.trailers?[HTTPField.Name("X-End")!] ?? "")")
        #expect(response.timings.done != nil)
      }
      #expect(events.isEmpty)
      bench.run(until: { events.last?.hasPrefix("end") == true })
      #expect(events.first == "head 200 0" && events.last == "end 0 yes")
      #expect(events.dropFirst().dropLast().joined() == "ab0ab1ab2ab3ab4")
      #expect(events.count > 4)
      #expect(bench.client.counts == HTTPClient.Counts(busy: 0, idle: 1))
      bench.end()
    }

    @Test(.http1Only("the buffer of a connection is looked at"))
    func `while the callback's Deferred has not fired nothing is handed on, and the server has to wait`() throws {
      let size = 20_000_000
      let bench = try ClientBench { request in
        request.connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
        request.connection.send(pattern(size))
      }
      var received: [UInt8] = []
      var gate: Deferred<Void>?
      var isDone = false
      bench.client.fetch(HTTPClient.Request(bench.server.url)) { piece in
        #expect(gate == nil)
        received += piece
        let next = Deferred<Void>()
        gate = next
        return next
      }
      .addCallback { _ in isDone = true }
      bench.run(until: { gate != nil })
      bench.run(for: .milliseconds(20))
      #expect(received.count < 1_000_000)
      let waiting = bench.server.connections[0].transport.bufferedBytes
      #expect(waiting > 5_000_000)
      while !isDone {
        bench.run(until: { gate != nil || isDone })
        let open = gate.take()
        // The last response comes only after the last piece is processed.
        #expect(!isDone || open == nil)
        open?.callback(())
      }
      #expect(received == pattern(size))
      bench.end()
    }

    @Test func `an error of a callback ends the request and is its result`() throws {
      let bench = try ClientBench { Self.chunks($0) }
      var errors: [any Error] = []
      func fails(_ response: Deferred<HTTPClient.Response>) {
        response.addBoth { if case .failure(let error) = $0 { errors.append(error) } }
      }
      fails(
        bench.client.fetch(HTTPClient.Request(bench.server.url), onHead: { _ in throw Trouble() }) { _ in
          Issue.record("it has failed before")
        })
      var calls = 0
      fails(
        bench.client.fetch(HTTPClient.Request(bench.server.url)) { _ in
          calls += 1
          throw Trouble()
        })
      fails(bench.client.fetch(HTTPClient.Request(bench.server.url)) { _ in Deferred<Void>.fail(Trouble()) })
      fails(
        bench.client.fetch(HTTPClient.Request(bench.server.url)) { _ in
          let late = Deferred<Void>()
          bench.reactor.callLater(.milliseconds(20)) { late.errback(Trouble()) }
          return late
        })
      bench.run(until: { errors.count == 4 })
      #expect(errors.allSatisfy { $0 is Trouble })
      #expect(calls == 1)
      bench.end()
    }

    @Test(arguments: ["at once", "in onHead", "in onData", "while it waits", "while it waits with the end of it"])
    func `cancelling it calls nothing more and cancels what it waits for`(_ moment: String) throws {
      let bench = try ClientBench { request in
        if moment == "while it waits with the end of it" { return request.answer("hello") }
        Self.chunks(request)
      }
      var request: Deferred<HTTPClient.Response>?
      var isCancelled = false
      var innerCancels = 0
      func cancel() {
        isCancelled = true
        request?.cancel()
      }
      var error: (any Error)?
      let inner = Deferred<Void>(canceller: { _ in innerCancels += 1 })
      request = bench.client.fetch(
        HTTPClient.Request(bench.server.url),
        onHead: { _ in
          #expect(!isCancelled)
          if moment == "in onHead" { cancel() }
        }
      ) { _ -> Deferred<Void> in
        #expect(!isCancelled)
        if moment == "in onData" { cancel() }
        if moment.hasPrefix("while") { bench.reactor.callLater(.milliseconds(10)) { cancel() } }
        return moment.hasPrefix("while") ? inner : .succeed(())
      }
      request?.addBoth { if case .failure(let failure) = $0 { error = failure } }
      if moment == "at once" { cancel() }
      bench.run(until: { error != nil })
      #expect(error is CancelledError)
      #expect(innerCancels == (moment.hasPrefix("while") ? 1 : 0))
      inner.addErrback { _ in }
      request = nil
      bench.end()
    }

    @Test func `a server that ends in the middle is an error after what came`() throws {
      let bench = try ClientBench { $0.connection.close(after: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello") }
      var received: [UInt8] = []
      var error: (any Error)?
      bench.client.fetch(HTTPClient.Request(bench.server.url)) { received += $0 }.addBoth {
        if case .failure(let failure) = $0 { error = failure }
      }
      bench.run(until: { error != nil })
      #expect(received == Array("hello".utf8))
      #expect((error as? HTTPError)?.code == .closedEarly)
      bench.end()
    }
  }
}
