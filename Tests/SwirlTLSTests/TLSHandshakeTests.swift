import SwirlDeferred
import SwirlPlatform
import SwirlReactor
import SwirlTesting
import Testing

@testable import SwirlNet
@testable import SwirlTLS

/// The outcome of a client's connection to a server.
struct Meeting {
  var client: TLSInfo?
  var server: TLSInfo?
  var error: NetError?
}

extension Meeting {
  /// The outcome of one meeting, on a reactor of its own.
  static func of(
    _ host: String = "127.0.0.1", server: TLSConfiguration, client: TLSConfiguration
  ) throws -> Meeting {
    var outcome = Meeting()
    try withReactor { reactor in
      var accepted: TLSInfo?
      let port = try reactor.greet(server) { accepted = $0.tlsInfo }
      reactor.meet(host, at: port, client).addBoth { result in
        outcome = try result.get()
        outcome.server = accepted
        reactor.stop()
      }
      return {}
    }
    return outcome
  }
}

extension Reactor {
  /// Connects a client to a server and, when the handshake is done, sends a greeting back: only then does a TLS 1.3
  /// client know that the server accepted it.
  func meet(_ host: String = "127.0.0.1", at port: Int, _ tls: TLSConfiguration) -> Deferred<Meeting> {
    let done = Deferred<Meeting>()
    connectTCP(host, port, tls: tls) {
      Recorder { client in
        client.onData = { client in
          done.callback(Meeting(client: client.transport?.tlsInfo))
          client.transport?.close()
        }
        client.onLost = { end in if !done.isFired { done.callback(Meeting(error: end.error)) } }
      }
    }.addCallback { _ in }.addErrback { done.callback(Meeting(error: $0 as? NetError)) }
    return done
  }

  /// A server that sends a greeting. It serves 127.0.0.1, ::1 and any name that the test resolves.
  func greet(_ tls: TLSConfiguration, _ made: @escaping (any Transport) -> Void = { _ in }) throws -> Int {
    resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
    let listener = try listenTCP(0, tls: tls) { _ in
      Recorder {
        $0.onMade = { transport in
          made(transport)
          transport.write("hello")
        }
      }
    }
    return Int(listener.localAddress.port)
  }
}

@Suite struct TLSHandshakeTests {
  let authority = TestAuthority()

  private func trusting(_ change: (inout TLSConfiguration) -> Void = { _ in }) -> TLSConfiguration {
    var tls = TLSConfiguration()
    tls.roots = [authority.root]
    change(&tls)
    return tls
  }

  @Test func `Both ends agree on the newest version and the first protocol that both speak`() throws {
    let meeting = try Meeting.of(
      server: changed(.server(authority.identity(for: "127.0.0.1"))) { $0.applicationProtocols = ["b", "a"] },
      client: trusting { $0.applicationProtocols = ["a", "b", "c"] })
    let info = try #require(meeting.client)
    #expect(info.version == .tls13 && info.version.description == "TLS 1.3")
    #expect(info.applicationProtocol == "b" && !info.isResumed)
    #expect(info.cipherSuite.hasPrefix("TLS_"))
    let other = try #require(meeting.server)
    #expect(other.version == info.version && other.cipherSuite == info.cipherSuite)
    #expect(other.applicationProtocol == "b" && !other.isResumed)
    #expect(info.peerCertificate?.subject == "CN=127.0.0.1" && other.peerCertificate == nil)
  }

  @Test func `An end that is limited to TLS 1·2 gets it, and one that wants more than that gets nothing`() throws {
    let server = changed(.server(authority.identity(for: "127.0.0.1"))) { $0.maximumVersion = .tls12 }
    #expect(try Meeting.of(server: server, client: trusting()).client?.version == .tls12)
    let refused = try Meeting.of(server: server, client: trusting { $0.minimumVersion = .tls13 })
    #expect(refused.error?.code == .handshake && refused.error?.certificate == nil)
    #expect(refused.error?.reason.contains("no version of TLS that is allowed here, TLS 1.3 to TLS 1.3") == true)
  }

  @Test func `No protocol in common ends the handshake`() throws {
    let refused = try Meeting.of(
      server: changed(.server(authority.identity(for: "127.0.0.1"))) { $0.applicationProtocols = ["b"] },
      client: trusting { $0.applicationProtocols = ["a"] })
    #expect(refused.error?.code == .handshake && refused.error?.reason.contains("in common: here it is a (") == true)
  }

  @Test(arguments: ["example.test", "EXAMPLE.test", "example.test.", "127.0.0.1", "a.wild.test"])
  func `A certificate for the host that was asked for is taken`(host: String) throws {
    let identity = authority.identity(for: "example.test", "127.0.0.1", "*.wild.test")
    #expect(try Meeting.of(host, server: .server(identity), client: trusting()).client != nil)
  }

  @Test(arguments: ["other.test", "sub.example.test", "a.b.wild.test", "wild.test", "127.0.0.2"])
  func `One for other hosts is refused`(host: String) throws {
    let identity = authority.identity(for: "example.test", "127.0.0.1", "*.wild.test")
    try withReactor { reactor in
      reactor.resolver.lookup = { _ in .succeed([SocketAddress(ip: "127.0.0.1", port: 0)!]) }
      let listener = try reactor.listenTCP(0, interface: "", tls: .server(identity)) { _ in Recorder() }
      reactor.meet(host, at: Int(listener.localAddress.port), trusting()).addBoth { result in
        let error = try result.get().error
        #expect(error?.certificate == .wrongHost && error?.code == .handshake)
        #expect(error?.peer == "\(host):\(listener.localAddress.port)")
        reactor.stop()
      }
      return {}
    }
  }

  @Test func `Each kind of bad certificate has its name`() throws {
    let others = TestAuthority("Other Root")
    let between = authority.intermediate()
    func problem(_ identity: TLSConfiguration.Identity) throws -> CertificateProblem? {
      let meeting = try Meeting.of(server: .server(identity), client: trusting())
      #expect((meeting.client == nil) == (meeting.error != nil))
      #expect(meeting.error == nil || meeting.error?.code == .handshake)
      return meeting.error?.certificate
    }
    #expect(try problem(authority.identity(for: "127.0.0.1", validity: .over)) == .expired)
    #expect(try problem(authority.identity(for: "127.0.0.1", validity: .notYet)) == .notYetValid)
    #expect(try problem(authority.identity(for: "127.0.0.1", isRevoked: true)) == .revoked)
    #expect(try problem(others.identity(for: "127.0.0.1")) == .unknownAuthority)
    #expect(try problem(others.intermediate().identity(for: "127.0.0.1")) == .unknownAuthority)
    #expect(try problem(between.identity(for: "127.0.0.1", isChainWhole: false)) == .unknownAuthority)
    #expect(try problem(between.identity(for: "127.0.0.1", validity: .over)) == .expired)
    #expect(try problem(between.identity(for: "127.0.0.1")) == nil)
    #expect(try problem(others.selfSigned()) == .selfSigned)
  }

  @Test(arguments: ["a_b.swirl.test", "_.swirl.test", "A_B.Swirl.Test", "a_b.swirl.test.", "x.a_b.wild.test"])
  func `A wildcard stands for a label with an underscore`(host: String) throws {
    let identity = authority.identity(for: "*.swirl.test", "*.a_b.wild.test")
    #expect(try Meeting.of(host, server: .server(identity), client: trusting()).client != nil)
    let exact = authority.identity(for: "a_b.swirl.test", "_.swirl.test", "x.a_b.wild.test")
    #expect(try Meeting.of(host, server: .server(exact), client: trusting()).client != nil)
  }

  @Test(arguments: ["a_b.c.swirl.test", "c.a_b.swirl.test", "a_b.other.test", "a_b.test"])
  func `It stands for one whole label, and for no top level`(host: String) throws {
    let identity = authority.identity(for: "*.swirl.test", "a*.other.test", "*_b.other.test", "*.test")
    let refused = try Meeting.of(host, server: .server(identity), client: trusting())
    #expect(refused.error?.certificate == .wrongHost)
  }

  @Test func `An underscore makes no other mistake in a certificate good`() throws {
    let host = "a_b.swirl.test"
    let over = authority.identity(for: "*.swirl.test", validity: .over)
    #expect(try Meeting.of(host, server: .server(over), client: trusting()).error?.certificate == .expired)
    let strange = TestAuthority("Other Root").identity(for: "*.swirl.test")
    #expect(try Meeting.of(host, server: .server(strange), client: trusting()).error?.certificate == .unknownAuthority)
  }

  /// RFC 5280 §6.1.1 (d) lets any certificate be an anchor.
  @Test func `An intermediate that is trusted is enough`() throws {
    let between = authority.intermediate()
    let below = between.intermediate("Second Intermediate")
    for isChainWhole in [true, false] {
      let identity = between.identity(for: "127.0.0.1", isChainWhole: isChainWhole)
      let trusted = changed(TLSConfiguration()) { $0.roots = [between.root] }
      #expect(try Meeting.of(server: .server(identity), client: trusted).client != nil)
      let upper = changed(TLSConfiguration()) { $0.roots = [below.root] }
      #expect(try Meeting.of(server: .server(identity), client: upper).error?.certificate == .unknownAuthority)
    }
    let deep = below.identity(for: "127.0.0.1")
    let trusted = changed(TLSConfiguration()) { $0.roots = [between.root] }
    #expect(try Meeting.of(server: .server(deep), client: trusted).client != nil)
    let revoked = between.identity(for: "127.0.0.1", isRevoked: true)
    #expect(try Meeting.of(server: .server(revoked), client: trusted).error?.certificate == .revoked)
    // The same for client certificates.
    var server = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    server.roots = [between.root]
    server.requiresClientCertificate = true
    let mine = trusting { $0.identity = between.identity(for: "me") }
    #expect(try Meeting.of(server: server, client: mine).client != nil)
  }

  @Test func `The system's roots do not trust a test`() throws {
    let refused = try Meeting.of(
      server: .server(authority.identity(for: "127.0.0.1")), client: TLSConfiguration())
    #expect(refused.error?.certificate == .unknownAuthority)
  }

  @Test func `Without verification anyone is taken, but not with another key than the pinned`() throws {
    let server = TLSConfiguration.server(TestAuthority("Other Root").identity(for: "elsewhere", validity: .over))
    let careless = changed(TLSConfiguration()) { $0.verification = .dangerouslyAcceptingAnyCertificate }
    #expect(try Meeting.of(server: server, client: careless).client != nil)
    let pin = "sha256//" + String(repeating: "A", count: 43) + "="
    let pinned = changed(careless) { $0.pinnedPublicKeys = [pin] }
    #expect(try Meeting.of(server: server, client: pinned).error?.certificate == .notPinned)
  }

  @Test func `A pinned key is taken, with or without its prefix`() throws {
    let identity = authority.identity(for: "127.0.0.1")
    let hash = authority.pin(of: identity)
    for pins in [[hash], ["sha256//" + hash], [String(repeating: "A", count: 43) + "=", hash]] {
      let pinned = trusting { $0.pinnedPublicKeys = Set(pins) }
      #expect(try Meeting.of(server: .server(identity), client: pinned).client != nil)
    }
  }

  @Test func `A server that requires client certificates accepts only those of its authority`() throws {
    var server = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    server.roots = [authority.root]
    server.requiresClientCertificate = true
    let mine = trusting { $0.identity = authority.identity(for: "me") }
    let strangers = trusting { $0.identity = TestAuthority("Other Root").identity(for: "me") }
    #expect(try Meeting.of(server: server, client: mine).client != nil)
    for refused in [trusting(), strangers] {
      for version in [TLSConfiguration.Version.tls12, .tls13] {
        let meeting = try Meeting.of(server: server, client: changed(refused) { $0.maximumVersion = version })
        #expect(meeting.client == nil && meeting.error != nil)
      }
    }
  }

  @Test(arguments: [TLSConfiguration.Version.tls12, .tls13])
  func `A server that asks for certificates serves those without one, and tells who the others are`(
    version: TLSConfiguration.Version
  ) throws {
    var server = TLSConfiguration.server(authority.identity(for: "127.0.0.1"))
    server.roots = [authority.root]
    server.requestsClientCertificate = true
    let nobody = try Meeting.of(server: server, client: trusting { $0.maximumVersion = version })
    #expect(nobody.client != nil && nobody.server?.peerCertificate == nil)
    let mine = trusting {
      $0.identity = authority.identity(for: "me")
      $0.maximumVersion = version
    }
    let known = try #require(try Meeting.of(server: server, client: mine).server?.peerCertificate)
    #expect(known.subject == "CN=me" && known.issuer == "CN=Test Root" && !known.serialNumber.isEmpty)
    #expect(known.subjectAlternativeNames == ["DNS:me"])
    let strange = changed(mine) { $0.identity = TestAuthority("Other Root").identity(for: "me") }
    #expect(try Meeting.of(server: server, client: strange).client == nil)
    // Without verification any certificate is accepted; then the pins decide.
    server.verification = .dangerouslyAcceptingAnyCertificate
    server.roots = nil
    server.requiresClientCertificate = true
    let identity = try #require(strange.identity)
    #expect(try Meeting.of(server: server, client: strange).server?.peerCertificate?.subject == "CN=me")
    #expect(try Meeting.of(server: server, client: trusting { $0.maximumVersion = version }).client == nil)
    server.pinnedPublicKeys = [authority.pin(of: identity)]
    #expect(try Meeting.of(server: server, client: strange).server != nil)
    #expect(try Meeting.of(server: server, client: mine).client == nil)
  }

  @Test(arguments: [TLSConfiguration.Version.tls12, .tls13])
  func `A second connection continues with the session of the first`(version: TLSConfiguration.Version) throws {
    try withReactor { reactor in
      let port = try reactor.greet(.server(authority.identity(for: "127.0.0.1")))
      let client = trusting { $0.maximumVersion = version }
      var resumed: [Bool] = []
      reactor.meet(at: port, client).addCallback { first in
        resumed.append(try #require(first.client).isResumed)
        return reactor.meet(at: port, client)
      }.addCallback { second in
        resumed.append(try #require(second.client).isResumed)
        return reactor.meet(at: port, client)
      }.addCallback { third in
        // With TLS 1.2 by the session of the first, because its server issues no other.
        resumed.append(try #require(third.client).isResumed)
        // Another configuration may trust less: it does a full handshake.
        return reactor.meet(at: port, changed(client) { $0.roots! += [authority.root] })
      }.addBoth { result in
        resumed.append(try #require(try result.get().client).isResumed)
        reactor.stop()
      }
      return { #expect(resumed == [false, true, true, false]) }
    }
  }

  @Test func `An encrypted key needs its password`() throws {
    let locked = authority.identity(for: "127.0.0.1", password: "secret")
    #expect(try Meeting.of(server: .server(locked), client: trusting()).client != nil)
    for (password, reason) in [(nil, "give its password"), ("wrong", "is it the right password?")] {
      let identity = TLSConfiguration.Identity(chain: locked.chain, privateKey: locked.privateKey, password: password)
      #expect { try Meeting.of(server: .server(identity), client: trusting()) } throws: { "\($0)".contains(reason) }
    }
  }

  @Test func `A configuration that cannot be used says why`() throws {
    func reason(_ tls: TLSConfiguration, isServer: Bool = false) -> String {
      do {
        let reactor = Reactor()
        _ = try TLSContext(tls, isServer ? .server : .client)
        _ = reactor
        return "none"
      } catch { return "\(error)" }
    }
    let good = authority.identity(for: "127.0.0.1")
    let mixed = TLSConfiguration.Identity(chain: good.chain, privateKey: authority.identity(for: "x").privateKey)
    let missing = changed(TLSConfiguration()) { $0.roots = [.file("/nowhere/at/all.pem")] }
    #expect(reason(missing) == "set up TLS with /nowhere/at/all.pem: no such file or directory")
    #expect(reason(changed(TLSConfiguration()) { $0.roots = [.text("junk")] }).contains("no certificate in it"))
    #expect(reason(.server(mixed), isServer: true).contains("the key is not that of the certificate"))
    let keyless = TLSConfiguration.Identity(chain: authority.root)
    #expect(reason(.server(keyless), isServer: true).contains("no private key in it"))
    let empty = TLSConfiguration.Identity(chain: good.chain, privateKey: .text("junk"))
    #expect(reason(.server(empty), isServer: true).contains("no private key in it"))
    #expect(reason(TLSConfiguration(), isServer: true).contains("needs an identity"))
    #expect(reason(changed(TLSConfiguration()) { $0.pinnedPublicKeys = ["abc"] }).contains("44 characters"))
    #expect(reason(changed(TLSConfiguration()) { $0.applicationProtocols = [""] }).contains("1 to 255 bytes"))
    let inverted = changed(TLSConfiguration()) {
      $0.minimumVersion = .tls13
      $0.maximumVersion = .tls12
    }
    #expect(reason(inverted).contains("must not be newer"))
    #expect(reason(.server(good), isServer: true) == "none")
    for asks in [\TLSConfiguration.requiresClientCertificate, \.requestsClientCertificate] {
      for roots in [nil, []] as [[TLSConfiguration.PEM]?] {
        let open = changed(.server(good)) {
          $0[keyPath: asks] = true
          $0.roots = roots
        }
        #expect(reason(open, isServer: true).contains("name who signs those of its clients"))
      }
    }
  }

  @Test func `A bad configuration fails the connect, never before it returned`() {
    withReactor { reactor in
      var message = ""
      let tls = changed(TLSConfiguration()) { $0.roots = [.file("/nowhere.pem")] }
      reactor.connectTCP("127.0.0.1", 9, tls: tls) { Recorder() }.addCallback { _ in }.addErrback {
        message = "\($0)"
        reactor.stop()
      }
      #expect(message == "")
      return { #expect(message == "set up TLS with /nowhere.pem: no such file or directory") }
    }
  }

  @Test func `A server that does not speak TLS is called that`() throws {
    try withReactor { reactor in
      let listener = try reactor.listenTCP(0) { _ in
        Recorder { $0.onData = { $0.transport?.write("HTTP/1.1 400 Bad Request\r\n\r\n") } }
      }
      reactor.meet(at: Int(listener.localAddress.port), trusting()).addBoth { result in
        let error = try result.get().error
        #expect(error?.code == .handshake && error?.reason.contains("does not speak TLS there") == true)
        reactor.stop()
      }
      return {}
    }
  }

  @Test(arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}", ""])
  func `A client that does not speak TLS is closed, and the next one is served`(bytes: String) throws {
    try withReactor { reactor in
      let port = try reactor.greet(.server(authority.identity(for: "127.0.0.1")))
      var ended = 0
      reactor.connectTCP("127.0.0.1", port) {
        Recorder {
          $0.onMade = { transport in
            transport.write(bytes)
            transport.closeWrite()
          }
          $0.onLost = { _ in ended += 1 }
          $0.goesOnSending = true
        }
      }
      reactor.meet(at: port, trusting()).addBoth { result in
        let meeting = try result.get()
        #expect(meeting.client != nil)
        func wait() { if ended == 1 { reactor.stop() } else { reactor.callSoon { wait() } } }
        wait()
      }
      return { #expect(ended == 1) }
    }
  }

  @Test func `An end that says nothing is given up in time`() throws {
    try withReactor { reactor in
      let silent = RawListener()
      var message = ""
      reactor.connectTCP("127.0.0.1", silent.port, timeout: .milliseconds(30), tls: trusting()) { Recorder() }
        .addCallback { _ in }.addErrback { message = "\($0)" }
      let server = changed(.server(authority.identity(for: "127.0.0.1"))) { $0.handshakeTimeout = .milliseconds(30) }
      let port = try reactor.greet(server)
      reactor.connectTCP("127.0.0.1", port) { Recorder { $0.onLost = { _ in reactor.stop() } } }
      return {
        #expect(message.hasPrefix("TLS handshake with 127.0.0.1:\(silent.port): not completed within 0.03 seconds"))
        #expect(reactor.handles.all(SocketTransport.self).isEmpty)
      }
    }
  }

  @Test func `Cancelling at any turn of a handshake leaves nothing open`() async {
    await #expect(processExitsWith: .success) {
      let authority = TestAuthority()
      var client = TLSConfiguration()
      client.roots = [authority.root]
      try withReactor { reactor in
        let port = try reactor.greet(.server(authority.identity(for: "127.0.0.1")))
        let before = openSockets()
        var cancelled = 0
        func round(_ number: Int) {
          guard number < 60 else { return settle() }
          let connect = reactor.connectTCP("127.0.0.1", port, tls: client) { Recorder() }
          connect.addBoth { result in
            if case .success(let made) = result {
              made.transport?.close()
            } else {
              cancelled += 1
            }
            reactor.callSoon { round(number + 1) }
          }
          func turn(_ left: Int) {
            if left == 0 { connect.cancel() } else { reactor.callSoon { turn(left - 1) } }
          }
          turn(number / 3)
        }
        func settle() {
          if reactor.handles.all(SocketTransport.self).isEmpty, openSockets() == before { return reactor.stop() }
          reactor.callSoon { settle() }
        }
        round(0)
        return { precondition(cancelled > 10 && cancelled < 60, "\(cancelled) of 60") }
      }
    }
  }

  @Test func `A reactor that is released in the middle of a handshake closes its sockets`() async {
    await #expect(processExitsWith: .success) {
      let before = openSockets()
      do {
        let silent = RawListener()
        let reactor = Reactor()
        var tls = TLSConfiguration()
        tls.verification = .dangerouslyAcceptingAnyCertificate
        reactor.connectTCP("127.0.0.1", silent.port, tls: tls) { Recorder() }.addErrback { _ in Recorder() }
        // Long enough for it to wait for the silent peer.
        reactor.callLater(.milliseconds(20)) { [unowned reactor] in reactor.stop() }
        reactor.run()
      }
      precondition(openSockets() == before, "\(openSockets()) open, not \(before)")
    }
  }
}

/// A copy of a configuration with a change.
func changed(_ tls: TLSConfiguration, _ change: (inout TLSConfiguration) -> Void) -> TLSConfiguration {
  var tls = tls
  change(&tls)
  return tls
}
