import Swirl
import SwirlTesting
import Testing

@testable import SwirlHTTPServer
@testable import SwirlNet

@Suite(.serialized) struct ServerStopTests {
  private func connect(_ reactor: Reactor, _ port: Int, _ text: String) -> Deferred<ServerRawClient> {
    reactor.connectTCP("127.0.0.1", port) { ServerRawClient(sending: text) }
  }

  @Test func `what waits in the accept queue at a stop is still answered, with Connection: close`() throws {
    var texts: [String] = []
    let server = HTTPServer { _ in .text("late") }
    try serving(server) { reactor, port in
      server.listeners[0].pauseAccepting()
      let clients = (0..<20).map { _ in connect(reactor, port, get()) }
      return gatherResults(clients).addCallback { clients -> Deferred<Void> in
        #expect(server.connectionCount == 0)
        let stopped = server.stop()
        #expect(server.connectionCount == 20)
        return gatherResults(clients.map(\.ended)).addCallback { _ in stopped }.addCallback {
          texts = clients.map(\.text)
        }
      }
    }
    #expect(texts.count == 20)
    #expect(texts.allSatisfy { $0.statuses == [200] && $0.contains("Connection: close\r\n") && $0.hasSuffix("late") })
  }

  @Test func `a client in the queue that asks nothing holds the stop for a second`() throws {
    let server = HTTPServer { _ in .text("late") }
    try serving(server, isVirtual: true) { reactor, port in
      server.listeners[0].pauseAccepting()
      return connect(reactor, port, "").addCallback { client -> Deferred<Void> in
        let start = reactor.now
        return server.stop().addCallback {
          #expect(reactor.now - start == .seconds(1))
          #expect(client.text.isEmpty)
        }
      }
    }
  }

  @Test func `with a period for idle connections, the next response on each is its last`() throws {
    let server = HTTPServer { request in .text(request.path) }
    try serving(server, isVirtual: true) { reactor, port in
      connect(reactor, port, get("/first")).addCallback { client -> Deferred<Void> in
        let asked = Deferred<Void>()
        client.onData = { client in
          guard client.text.hasSuffix("/first") else { return }
          client.onData = nil
          asked.callback()
        }
        return asked.addCallback { () -> Deferred<Void> in
          #expect(!client.text.contains("Connection: close"))
          let stopped = server.stop(idleFor: .seconds(5))
          reactor.callLater(.seconds(4)) { client.transport?.write(get("/second")) }
          return stopped
        }.addCallback { client.ended }.addCallback {
          #expect(client.text.statuses == [200, 200] && client.text.hasSuffix("/second"))
          #expect(client.text.ranges(of: "Connection: close\r\n").count == 1)
        }
      }
    }
  }

  @Test func `after the period idle connections close, and requests in progress have the grace period behind it`()
    throws
  {
    let server = HTTPServer { request -> Deferred<HTTPServer.Response> in
      Reactor.current.sleep(.seconds(request.path == "/slow" ? 8 : 0)).addCallback { .text(request.path) }
    }
    try serving(server, isVirtual: true) { reactor, port in
      connect(reactor, port, "").addCallback { idle -> Deferred<Void> in
        connect(reactor, port, get("/slow")).addCallback { slow -> Deferred<Void> in
          let start = reactor.now
          // The request is in the server by then.
          return reactor.sleep(.seconds(1)).addCallback { () -> Deferred<Void> in
            let stopped = server.stop(within: .seconds(4), idleFor: .seconds(5))
            idle.ended.addCallback { #expect(reactor.now - start == .seconds(6)) }
            return stopped
          }.addCallback { () -> Deferred<Void> in
            #expect(reactor.now - start == .seconds(8))
            return slow.ended
          }.addCallback {
            #expect(slow.text.statuses == [200] && slow.text.contains("Connection: close\r\n"))
            #expect(idle.text.isEmpty)
          }
        }
      }
    }
  }

  @Test func `a stop without connections is over at once, with a period for idle ones as well`() throws {
    let server = HTTPServer { _ in .text("") }
    try serving(server) { _, _ in
      let stopped = server.stop(idleFor: .seconds(5))
      #expect(stopped.isFired)
      return stopped
    }
  }

  @Test func `a cancelled stop with a period for idle connections ends them at once`() throws {
    let server = HTTPServer { _ in .text("") }
    try serving(server, isVirtual: true) { reactor, port in
      connect(reactor, port, "").addCallback { client -> Deferred<Void> in
        reactor.sleep(.milliseconds(1)).addCallback { () -> Deferred<Void> in
          let start = reactor.now
          let stopped = server.stop(idleFor: .seconds(5))
          stopped.addErrback { _ in }
          stopped.cancel()
          return client.ended.addCallback { #expect(reactor.now - start < .seconds(1)) }
        }
      }
    }
  }
}
