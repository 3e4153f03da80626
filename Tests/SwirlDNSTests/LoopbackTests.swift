import SwirlDeferred
import SwirlNet
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlDNS

/// Over sockets of the kernel, on 127.0.0.1.
@Suite(.failsOnUnhandledFailures) struct LoopbackTests {
  private let reactor = Reactor()

  /// A server that answers each question for an address, but for those of `silent.test`; over TCP alone if `cuts`.
  private func listen(cuts: Bool = false) throws -> DatagramSocket {
    func answer(_ query: DNSMessage) -> [UInt8] {
      MessageWriter.response(to: query, answers: [.a(query.question!.name, "192.0.2.7")])
    }
    let socket = try reactor.listenUDP(0, interface: "127.0.0.1") { datagram, socket in
      guard let query = try? DNSMessage(datagram.bytes), query.question?.name != "silent.test" else { return }
      socket.reply(to: datagram, cuts ? MessageWriter.response(to: query, flags: 0x8380) : answer(query))
    }
    if cuts {
      _ = try reactor.listenTCP(socket.port, interface: "127.0.0.1") { _ in
        ServedQueries { query, served in served.send(answer(query)) }
      }
    }
    return socket
  }

  /// Runs the reactor until `deferred` has fired; a minute at most.
  private func run<Value>(_ deferred: Deferred<Value>) {
    let guardCall = reactor.callLater(.seconds(60)) { [reactor] in
      Issue.record("no answer within a minute")
      reactor.stop()
    }
    deferred.addBoth { [reactor] _ in reactor.stop() }
    reactor.run()
    guardCall.cancel()
  }

  @Test(arguments: [false, true]) func `a thousand names come back, over UDP and over TCP`(cuts: Bool) throws {
    let socket = try listen(cuts: cuts)
    let names = NameClient(.init(servers: [socket.localAddress]), on: reactor)
    let answers = (0..<1000).map { names.lookup("n\($0).test", .a) as Deferred<NameAnswer<IPAddress>> }
    let all = gatherResults(answers)
    run(all)
    let found = try successResult(of: all)
    #expect(found.allSatisfy { $0.values.map(\.description) == ["192.0.2.7"] })
    #expect(Set(found.map(\.name.text)).count == 1000)
    names.close()
    socket.close()
  }

  @Test func `a port that refuses is an error at once, and another server is asked`() throws {
    let closed = try listen()
    let address = closed.localAddress
    closed.close()
    let socket = try listen()
    let names = NameClient(.init(servers: [address, socket.localAddress]), on: reactor)
    let answer: Deferred<NameAnswer<IPAddress>> = names.lookup("a.test", .a)
    let start = reactor.now
    run(answer)
    #expect(try successResult(of: answer).count == 1)
    #expect(reactor.now - start < .seconds(5))
    names.close()
    socket.close()
  }

  @Test func `a task that is cancelled leaves its lookup, and others stay`() async throws {
    let thread = ReactorThread()
    let outcome = try await thread.run { reactor -> Deferred<[String]> in
      let socket = try reactor.listenUDP(0, interface: "127.0.0.1") { datagram, socket in
        guard let query = try? DNSMessage(datagram.bytes), query.question?.name != "silent.test" else { return }
        socket.reply(to: datagram, MessageWriter.response(to: query, answers: [.a(query.question!.name, "192.0.2.7")]))
      }
      let names = NameClient(.init(servers: [socket.localAddress]), on: reactor)
      return Deferred { () async throws -> [String] in
        let silent = Deferred { () async throws -> NameAnswer<IPAddress> in try await names.lookup("silent.test", .a) }
        var words: [String] = []
        let found: NameAnswer<IPAddress> = try await names.lookup("a.test", .a)
        words.append(found[0].description)
        silent.cancel()
        do { _ = try await silent.value } catch { words.append(error is NameError ? "\(error)" : "cancelled") }
        words.append("\(names.begunWork?.count ?? -1)")
        names.close()
        socket.close()
        return words
      }
    }
    #expect(outcome == ["192.0.2.7", "cancelled", "0"])
    await thread.stop()
  }
}
