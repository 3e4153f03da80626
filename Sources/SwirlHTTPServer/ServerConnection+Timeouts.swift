import HTTPTypes
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension ServerConnection {
  /// What the connection waits for, and so which time it has.
  enum Phase {
    /// Between two requests: closed in silence.
    case idle
    /// In a head, or before the first one: 408.
    case head
    /// In a body: 408.
    case body
    /// For an answer, which may take as long as it likes, as long as the client takes what is sent.
    case answer
    /// For the transport to send the rest, before it closes.
    case closing
    /// For the client to close after us.
    case lingering
  }

  private var present: Phase {
    switch output {
    case .closing, .over: return .closing
    case .lingering: return .lingering
    case .open: break
    }
    // A handler that makes the client wait has all the time it likes, as it has for its answer.
    if let upload, !upload.isPaused { return .body }
    if !exchanges.isEmpty || isWritingPaused { return .answer }
    if head != nil { return .body }
    return parser.isIdle ? .idle : .head
  }

  /// Moves the one timer of the connection when what is waited for has changed. Nothing is allocated, and nothing but a number
  /// changes: requests only ever push it further away.
  @inline(__always)
  func updateTimer() {
    let present = present
    if present != phase || hasProgressed || present == .body {
      // A connection on which nothing was asked yet has the time of a head.
      if present == .idle, phase == .head, !hasProgressed { return }
      phase = present
      hasProgressed = false
      arm()
    }
  }

  func arm() {
    let times = server.times
    let deadline =
      switch phase {
      case .idle: reactor.turnTime + times.idle
      case .head: reactor.turnTime + times.head
      case .body: bodyStart + times.body + Int64(upload?.received ?? body.count) * times.nanosecondsPerBodyByte
      case .answer: min(reactor.turnTime + times.write, handlerDeadline)
      case .closing: reactor.turnTime + times.write
      case .lingering: reactor.turnTime + (transport.bufferedBytes > 0 ? times.write : times.linger)
      }
    // Asked only where it counts: a client that is idle and still has something to take has the idle time for it.
    if phase == .answer || phase == .closing || phase == .lingering { sentWhenArmed = sentBytes }
    if let timer {
      timer.move(to: deadline)
    } else {
      timer = reactor.timers.add(deadline: deadline, site: CallSite()) { [unowned self] in timeout() }
    }
  }

  /// What the transport has given to the kernel.
  private var sentBytes: Int { handedToTransport - transport.bufferedBytes }

  private func timeout() {
    timer = nil
    // A client that takes what is sent to it, slowly, gets another such time.
    let isTaking = sentBytes - sentWhenArmed >= server.times.leastWritten
    let isWaitingForClient = transport.bufferedBytes > 0
    switch phase {
    case .idle, .head:
      if parser.isIdle {
        // It still takes the last answer, perhaps: from now on at the least rate.
        if isWaitingForClient {
          phase = .answer
          return arm()
        }
        input = .discarded
        settle()
      } else if isWaitingForClient {
        abort()
      } else {
        refuseForTime("the request head did not come in time")
      }
    case .body: refuseForTime("the request body did not come in time")
    case .answer:
      if reactor.turnTime >= handlerDeadline { return refuseHandler() }
      if isWaitingForClient, !isTaking { return abort() }
      if !isWaitingForClient { phase = present }
      arm()
    case .closing:
      if isTaking { arm() } else { transport.abort() }
    case .lingering:
      if isWaitingForClient { return isTaking ? arm() : abort() }
      output = .closing
      transport.close()
    }
  }

  /// Until when the handler of the answer that is next has time.
  private var handlerDeadline: Int64 {
    guard server.times.handler != .max, let first = exchanges.first, case .waiting = first.state else { return .max }
    let (deadline, overflow) = first.handlerStart.addingReportingOverflow(server.times.handler)
    return overflow ? .max : deadline
  }

  private func refuseHandler() {
    guard let first = exchanges.first else { return }
    let error = HTTPServer.StatusError(.serviceUnavailable, "there is no answer yet: try again later")
    log("the handler has not answered within \(server.configuration.handlerTimeout ?? .zero)", of: first.request)
    if upload?.exchange === first {
      refuse(error)
    } else {
      first.state = .ready(error.response)
      first.source.take()?.cancel()
    }
    settle()
  }

  private func refuseForTime(_ text: String) {
    refuse(HTTPServer.StatusError(.requestTimeout, text))
    settle()
  }
}
