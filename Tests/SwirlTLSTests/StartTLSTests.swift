import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// Connections that begin in plain text. The order of the lines is that of RFC 3207 §4; what must not be taken over
/// from before the handshake is CVE-2011-0411.
@Suite struct StartTLSTests {
  let authority = TestAuthority()

  private var server: TLSConfiguration { .server(authority.identity(for: "mail.example", "127.0.0.1")) }
  private var client: TLSConfiguration {
    var tls = TLSConfiguration()
    tls.roots = [authority.root]
    return tls
  }

  /// A server of lines that agrees to TLS, and then repeats what it is sent.
  private final class Mailbox: LineReceiver {
    let tls: TLSConfiguration
    var lines: [String] = []
    var madeCount = 0
    var outcome: DeferredResult<TLSInfo>?
    var end: ConnectionEnd?
    /// Called when TLS has begun or failed, and when the connection has ended.
    var onChange: (Mailbox) -> Void = { _ in }

    init(_ tls: TLSConfiguration) {
      self.tls = tls
      super.init()
    }

    override func connectionMade(_ transport: any Transport) {
      super.connectionMade(transport)
      madeCount += 1
    }

    override func lineReceived(_ line: String) {
      lines.append(line)
      guard line == "STARTTLS" else { return transport!.write("you said \(line)\r\n") }
      transport!.write("220 go ahead\r\n")
      transport!.startTLS(serving: tls).addBoth { result in
        self.outcome = result
        self.onChange(self)
      }
    }

    override func connectionLost(_ end: ConnectionEnd) {
      self.end = end
      onChange(self)
      onChange = { _ in }
    }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13])
  func `lines go on secured, and the protocol stays`(version: TLSVersion) throws {
    let mailbox = Mailbox(changed(server) { $0.maximumVersion = version })
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in mailbox }
      var info: TLSInfo?
      reactor.connectTCP("127.0.0.1", listener.port) {
        Recorder { recorder in
          recorder.onMade = { $0.write("EHLO x\r\nSTARTTLS\r\n") }
          recorder.onData = { recorder in
            guard let transport = recorder.transport else { return }
            if recorder.text.hasSuffix("220 go ahead\r\n"), transport.tlsInfo == nil {
              transport.startTLS(client, host: "mail.example").addCallback { info = $0 }.addErrback { Issue.record($0) }
              // It waits for the handshake.
              transport.write("MAIL\r\n")
            } else if recorder.text.hasSuffix("you said MAIL\r\n") {
              transport.close()
            }
          }
          recorder.onLost = { _ in
            #expect(recorder.events == ["made", "data", "lost"])
            reactor.stop()
          }
        }
      }
      return {
        #expect(mailbox.lines == ["EHLO x", "STARTTLS", "MAIL"])
        #expect(mailbox.madeCount == 1)
        #expect(info?.version == version && info?.peerCertificate?.subject == "CN=mail.example")
        #expect(mailbox.transport?.tlsInfo?.serverName == "mail.example")
      }
    }
  }

  @Test func `much that was written before is sent in plain text, what follows is secured, then our direction ends`()
    throws
  {
    let much = [UInt8](repeating: 7, count: 8 << 20)
    try withReactor { reactor in
      var received: [UInt8] = []
      let listener = try reactor.listenTCP(0) { _ in
        Recorder {
          $0.onMade = { transport in
            transport.write(much)
            #expect(transport.bufferedBytes > 0)
            transport.startTLS(serving: server).addErrback { Issue.record($0) }
            transport.write("secured")
            transport.closeWrite()
          }
        }
      }
      reactor.connectTCP("127.0.0.1", listener.port) {
        Recorder { recorder in
          recorder.onData = { recorder in
            if recorder.bytes.count == much.count, recorder.transport?.tlsInfo == nil {
              recorder.transport?.startTLS(client, host: "127.0.0.1").addErrback { Issue.record($0) }
            }
          }
          recorder.onLost = { end in
            #expect(end.code == .closed)
            received = recorder.bytes
            reactor.stop()
          }
        }
      }
      return {
        #expect(received.prefix(much.count).elementsEqual(much))
        #expect(String(decoding: received.dropFirst(much.count), as: UTF8.self) == "secured")
      }
    }
  }

  /// A server of which a plain peer sends `bytes`; returns it after its end.
  private func mailbox(
    receiving text: String, _ then: @escaping (RawSocket) -> Void = { _ in },
    _ onChange: @escaping (Mailbox) -> Void = { _ in }
  ) throws -> Mailbox {
    let mailbox = Mailbox(server)
    withReactor { reactor in
      let (_, far) = reactor.startPair(mailbox)
      mailbox.onChange = { mailbox in
        onChange(mailbox)
        if mailbox.end != nil { reactor.stop() }
      }
      far.send(text)
      then(far)
      return { far.close() }
    }
    return mailbox
  }

  @Test(arguments: ["STARTTLS\r\nMAIL FROM:<evil>\r\n", "STARTTLS\r\nMAIL", "STARTTLS\r\n\u{16}\u{3}\u{1}"])
  func `plain text behind the request is not taken over`(text: String) throws {
    let mailbox = try mailbox(receiving: text)
    #expect(mailbox.lines == ["STARTTLS"])
    #expect("\(try #require(mailbox.outcome?.error))".contains("that may be someone else's"))
    #expect(mailbox.end?.code == .failed)
  }

  @Test func `a peer that goes on in plain text fails`() throws {
    var far: RawSocket?
    let mailbox = Mailbox(server)
    withReactor { reactor in
      let pair = reactor.startPair(mailbox)
      far = pair.far
      mailbox.onChange = { if $0.end != nil { reactor.stop() } }
      pair.far.send("STARTTLS\r\n")
      reactor.addLoopHook(.beforeWaiting) {
        if case .success("220 go ahead\r\n") = pair.far.receive(wait: false) { pair.far.send("MAIL FROM\r\n") }
      }
      return {}
    }
    #expect("\(try #require(mailbox.outcome?.error))".contains("does not speak TLS"))
    #expect(mailbox.lines == ["STARTTLS"] && mailbox.end?.code == .failed)
    far?.close()
  }

  @Test func `a peer that cuts the connection, or says nothing, fails it`() throws {
    let cut = try mailbox(receiving: "STARTTLS\r\n", { $0.closeWrite() })
    #expect(cut.outcome?.error is NetError && cut.end?.code == .failed)
    // Virtual time: ten seconds pass at once.
    let silent = try mailbox(receiving: "STARTTLS\r\n")
    #expect((silent.outcome?.error as? NetError)?.errno == ETIMEDOUT)
    #expect(silent.end?.code == .failed)
  }

  enum Ending: CaseIterable { case cancel, close, abort }

  @Test(arguments: Ending.allCases) func `it can be ended during the handshake`(ending: Ending) throws {
    var failure: (any Error)?
    withReactor { reactor in
      let recorder = Recorder()
      let (transport, far) = reactor.startPair(recorder)
      let starting = transport.startTLS(client, host: "127.0.0.1")
      starting.addErrback { failure = $0 }
      recorder.onLost = { _ in reactor.stop() }
      reactor.callLater(.seconds(1)) {
        switch ending {
        case .cancel: starting.cancel()
        case .close: transport.close()
        case .abort: transport.abort()
        }
      }
      return {
        #expect(recorder.end?.code == (ending == .close ? .closed : .aborted))
        #expect(reactor.openHandles.isEmpty)
        far.close()
      }
    }
    if ending == .cancel {
      #expect(failure is CancelledError)
    } else {
      #expect("\(try #require(failure))".contains("closed here before it was secured"))
    }
  }

  @Test func `a certificate for another host, or of an unknown authority, ends the connection`() throws {
    func failure(_ client: TLSConfiguration, host: String) throws -> (client: NetError?, server: (any Error)?) {
      let mailbox = Mailbox(server)
      var failure: NetError?
      try withReactor { reactor in
        let listener = try reactor.listenTCP(0) { _ in mailbox }
        mailbox.onChange = { if $0.end != nil { reactor.stop() } }
        reactor.connectTCP("127.0.0.1", listener.port) {
          Recorder { recorder in
            recorder.onMade = { $0.write("STARTTLS\r\n") }
            recorder.onData = { recorder in
              recorder.transport?.startTLS(client, host: host).addErrback { failure = $0 as? NetError }
            }
          }
        }
        return {}
      }
      return (failure, mailbox.outcome?.error)
    }
    let other = try failure(client, host: "other.example")
    #expect(other.client?.certificate == .wrongHost && other.server != nil)
    let unknown = try failure(TLSConfiguration(), host: "mail.example")
    #expect(unknown.client?.certificate != nil && unknown.server != nil)
  }

  @Test func `twice, after the end, and with unusable files are errors`() throws {
    withReactor { reactor in
      let recorder = Recorder()
      let (transport, far) = reactor.startPair(recorder)
      var words: [String] = []
      transport.startTLS(client, host: "127.0.0.1").addErrback { words.append("first: \($0)") }
      transport.startTLS(client, host: "127.0.0.1").addErrback { words.append("second: \($0)") }
      #expect(words.count == 1 && words[0].contains("second") && words[0].contains("TLS has been started: wait for it"))
      recorder.onLost = { _ in
        transport.startTLS(client, host: "127.0.0.1").addErrback { words.append("third: \($0)") }
        reactor.stop()
      }
      transport.abort()
      return {
        #expect(words.count == 3)
        far.close()
      }
    }
    withReactor { reactor in
      let recorder = Recorder()
      let (transport, far) = reactor.startPair(recorder)
      recorder.onLost = { _ in reactor.stop() }
      transport.startTLS(serving: .server(.init(chain: .file("/nowhere")))).addErrback {
        #expect("\($0)" == "set up TLS with /nowhere: no such file or directory")
      }
      return {
        #expect(recorder.end?.code == .aborted)
        far.close()
      }
    }
  }

  // MARK: - Connections of tasks

  @Test func `tasks secure both ends`() throws {
    try withReactor { reactor in
      let tls = (server: server, client: client)
      let listener = try reactor.startServer(0) { connection in
        var inbound = connection.inbound.makeAsyncIterator()
        _ = try await inbound.next()
        try await connection.write("S")
        #expect(try await connection.startTLS(serving: tls.server).serverName == "mail.example")
        while let bytes = try await inbound.next() { try await connection.write(bytes) }
      }
      reactor.openConnection("127.0.0.1", listener.port).addCallback { connection in
        Deferred {
          var inbound = connection.inbound.makeAsyncIterator()
          try await connection.write("SSLRequest")
          #expect(try await inbound.next() == Array("S".utf8))
          let info = try await connection.startTLS(tls.client, host: "mail.example")
          #expect(info.peerCertificate?.subject == "CN=mail.example")
          try await connection.write("secret")
          connection.closeWrite()
          var answer: [UInt8] = []
          while let bytes = try await inbound.next() { answer += bytes }
          #expect(String(decoding: answer, as: UTF8.self) == "secret")
        }
      }.addBoth { result in
        #expect(result.error == nil)
        reactor.stop()
      }
      return {}
    }
  }

  /// What comes of a task that secures a connection to a peer that has sent `text`, if it is cancelled a second later.
  private func outcome(after text: String) -> Result<TLSInfo, any Error>? {
    var outcome: Result<TLSInfo, any Error>?
    withReactor { reactor in
      let (near, far) = connectedPair()
      let transport = SocketTransport(near, peer: nil, on: reactor)
      transport.start(Recorder())
      let connection = Connection(transport)
      let tls = client
      if !text.isEmpty { far.send(text) }
      reactor.callLater(.seconds(1)) {
        let work = Deferred { try await connection.startTLS(tls, host: "127.0.0.1") }
        reactor.callLater(.seconds(1)) { work.cancel() }
        work.addBoth { result in
          outcome = result
          // Its end is reported in a later turn.
          reactor.callLater(.seconds(1)) { reactor.stop() }
        }
      }
      return {
        #expect(reactor.openHandles.isEmpty)
        far.close()
      }
    }
    return outcome
  }

  @Test func `a task that has not read all, or is cancelled, ends its connection`() throws {
    #expect("\(try #require(outcome(after: "plain")?.error))".contains("that may be someone else's"))
    let cancelled = try #require(outcome(after: "")?.error)
    #expect(cancelled is CancelledError || cancelled is CancellationError)
  }
}

extension Result {
  fileprivate var error: (any Error)? { if case .failure(let error) = self { error } else { nil } }
}
