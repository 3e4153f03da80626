import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// One connection of a server: the transport, the handlers and the clock around a `ServerMachine`, which makes all
/// protocol decisions.
///
/// It reports all events (bytes, a fired Deferred, room to write, a timer) to the machine, and `pump` carries out the
/// machine's actions. So responses that are ready in one callback go out in one write.
///
/// The fields are exempt from the run-time check for overlapping accesses: each is read or written as a whole. Only the
/// machine is held `inout` during a call, and it does not call the program's code. The object never leaves its thread.
final class ServerConnection: StreamProtocol, Responder, ServedConnection, ReactorReleaseObserver {
  let server: HTTPServer
  /// Sequence number within the server; zero if the server has refused it.
  var number = 0
  /// Whether the client speaks plain HTTP to a TLS port.
  private let isPlainOnTLS: Bool
  @exclusivity(unchecked) var machine: ServerMachine
  @exclusivity(unchecked) var transport: (any Transport)!
  @exclusivity(unchecked) var facts: ConnectionFacts!

  // Requests
  /// The unanswered requests, in order.
  @exclusivity(unchecked) var exchanges: [Exchange] = []
  /// The content being read; for streamed content, that of the current read.
  @exclusivity(unchecked) var body: [UInt8] = []
  @exclusivity(unchecked) var upload: RequestUpload?

  // Bytes
  /// The bytes that the machine has not used, from `unreadStart`.
  @exclusivity(unchecked) var unread: [UInt8] = []
  @exclusivity(unchecked) var unreadStart = 0
  /// Whether bytes arrived while `pump` was on the stack.
  @exclusivity(unchecked) var hasArrived = false
  /// Whether a call on the stack will run the machine.
  @exclusivity(unchecked) private(set) var isPumping = false
  /// The output for the next write.
  @exclusivity(unchecked) var buffer: [UInt8] = []
  @exclusivity(unchecked) var handedToTransport = 0
  var writtenBytes: Int { handedToTransport + buffer.count }
  var sentBytes: Int { handedToTransport - transport.unsentBytes }
  /// The protocol that gets the connection when the machine hands it over.
  @exclusivity(unchecked) var successor: (any StreamProtocol)?

  #if HTTP2
  /// How many of the first bytes are those of HTTP/2's preface; negative when the connection speaks HTTP/1.
  @exclusivity(unchecked) var prefaceBytes = 0
  #endif

  // Time
  /// Unowned, because the reactor retains the transport, which retains this.
  @exclusivity(unchecked) private(set) unowned var reactor: Reactor!
  @exclusivity(unchecked) var timer: DelayedCall?
  /// The start of the current content's time limit.
  @exclusivity(unchecked) var contentStart: Int64 = 0
  /// Whether that begins only when the client need not wait for a 100 any more.
  @exclusivity(unchecked) var waitsForContinue = false
  @exclusivity(unchecked) var sentWhenArmed = 0

  @exclusivity(unchecked) var accountedBytes = 0
  var heldBytes: Int {
    unread.count + body.count + buffer.count + machine.heldBytes + (upload?.bufferedBytes ?? 0)
      + (transport?.bufferedBytes ?? 0)
  }

  /// Responses not yet in the access log, in order.
  @exclusivity(unchecked) var unreported: [UnreportedAnswer] = []

  init(_ server: HTTPServer, isPlainOnTLS: Bool = false) {
    self.server = server
    self.isPlainOnTLS = isPlainOnTLS
    machine = ServerMachine(server.machineOptions)
  }

  // A released reactor does not end its connections first: cancel the timer, and end the body so that its task does not
  // wait forever.
  deinit {
    timer?.cancel()
    upload?.finish(throwing: HTTPServer.ClientDisconnectedError())
  }

  // MARK: - StreamProtocol

  func connectionMade(_ transport: any Transport) {
    #if HTTP2
    if switchesToHTTP2(transport) { return }
    #endif
    self.transport = transport
    facts = ConnectionFacts(transport, of: server)
    reactor = transport.reactor
    let isWelcome = server.insert(self)
    #if HTTP2
    if isPlainOnTLS || !isWelcome || !server.configuration.http2 { prefaceBytes = -1 }
    #endif
    if isPlainOnTLS {
      machine.refuseConnection(.plainOnTLS)
    } else if !isWelcome {
      machine.refuseConnection(.tooManyConnections)
    }
    pump()
  }

  func dataReceived(_ bytes: Span<UInt8>) {
    #if HTTP2
    if prefaceBytes >= 0, takesPreface(bytes) { return }
    #endif
    if isPumping || !unread.isEmpty {
      keep(bytes)
      return pump()
    }
    let used = run(bytes)
    if used < bytes.count || hasArrived { keepRest(bytes.extracting(used...)) }
    if hasArrived { return pump() }
    finishPump()
  }

  func endReceived() -> Bool {
    #if HTTP2
    if prefaceBytes > 0 {
      giveBackPreface()
      pump()
    }
    #endif
    // What needs no handler is sent: a file.
    let staysOpen = machine.endOfInput(completing: facts.isSendingFile)
    pump()
    return staysOpen
  }

  func pauseWriting() {
    machine.pauseWriting()
  }

  func resumeWriting() {
    machine.resumeWriting()
    if case .streaming(let body)? = exchanges.first?.state {
      // Collect the output of the callbacks in one write.
      let wasPumping = isPumping
      isPumping = true
      body.drain()
      isPumping = wasPumping
    }
    pump()
  }

  func writeBufferEmptied() {
    machine.outputSent()
    pump()
  }

  func connectionLost(_ end: ConnectionEnd) {
    machine.connectionLost()
    pump()
    reportAll()
    server.remove(self)
  }

  /// Another protocol has taken the connection.
  func leave() {
    machine.connectionLost()
    timer.take()?.cancel()
  }

  // MARK: - Stopping

  /// Closes the connection if it is idle, otherwise after the response in progress.
  func drain() {
    machine.drain()
    if case .streaming(let body)? = exchanges.first?.state { body.serverStopping() }
    pump()
  }

  func drainAfterRequest() {
    machine.drainAfterRequest()
    if case .streaming(let body)? = exchanges.first?.state { body.serverStopping() }
    pump()
  }

  /// Ends the connection at once.
  func abort() {
    machine.abort()
    pump()
  }

  // MARK: - The pump

  /// Carries out the machine's actions, until it needs another event. A re-entrant call leaves that to the one below it
  /// on the stack.
  func pump() {
    if isPumping { return }
    repeat {
      hasArrived = false
      if unread.isEmpty {
        _ = run(Span())
      } else {
        // Take the bytes out for the call, in which handlers run.
        let (bytes, start) = takeUnread()
        let end = start + run(bytes.span.extracting(start...))
        if hasArrived {
          keepRest(bytes.span.extracting(end...))
        } else if end < bytes.count {
          (unread, unreadStart) = (bytes, end)
        }
      }
    } while hasArrived
    finishPump()
  }

  /// Returns the number of bytes that the machine has used.
  private func run(_ bytes: Span<UInt8>) -> Int {
    isPumping = true
    server.commonFields.refresh(at: reactor.wallSeconds)
    var offset = 0
    while let action = machine.next(bytes, at: &offset) { perform(action, bytes) }
    isPumping = false
    return offset
  }

  private func finishPump() {
    if server.memory != nil, server.account(self, at: reactor.turnTime), machine.refuseContent() { return pump() }
    if !unreported.isEmpty { reportSent() }
    if let successor = successor.take() { handOver(to: successor) }
  }

  private func perform(_ action: ServerAction, _ bytes: Span<UInt8>) {
    switch action {
    case .request(let number): handle(number)
    case .flush: flush()
    case .arm(let limit): arm(limit)
    case .head: decideOnContent()
    case .content(let range): body.append(copying: bytes.extracting(range))
    case .streamedRequest(let number): beginUpload(number)
    case .deliverContent: deliverContent()
    case .contentEnded: endUpload()
    case .dropContent: dropUpload()
    case .failContent(let reason, let isAnswered): failUpload(reason, isAnswered: isAnswered)
    case .respond: respond()
    case .refuse(let reason): refuse(reason)
    case .refuseHandler: refuseHandler()
    case .sendContinue: append("HTTP/1.1 100 Continue\r\n\r\n")
    case .cancel(let number): cancelExchanges(from: number)
    case .pauseReading:
      transport.pauseReading()
      server.watchPausedClients(on: reactor)
    case .resumeReading: transport.resumeReading()
    case .close: transport.close()
    case .linger: transport.closeWrite()
    case .abort: transport.abort()
    case .handOver: break  // by `finishPump`, which has the bytes that were not used
    case .disarm: timer.take()?.cancel()
    }
  }
}
