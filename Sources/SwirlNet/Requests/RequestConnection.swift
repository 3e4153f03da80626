public import SwirlDeferred
public import SwirlReactor

/// One connection with pipelined requests: a ``StreamProtocol`` that matches responses to requests.
///
/// ```swift
/// reactor.connectTCP("127.0.0.1", 6379) { RequestConnection(RESP()) }
///   .addCallback { redis in redis.send(["PING"]) }
/// ```
///
/// Requests made before the connection is established wait for that. Requests of one turn are sent together. When the
/// connection ends, all fail: see ``RequestError/wasSent``. A ``RequestClient`` connects again. Use it on the reactor's
/// thread; all its callbacks run there.
public final class RequestConnection<Format: RequestFormat>: StreamProtocol, RequestSender, InputHolder {
  /// What is sent.
  public typealias Request = Format.Request
  /// What comes back.
  public typealias Response = Format.Response

  enum State {
    /// Before `connectionMade`.
    case connecting
    case open
    /// Closed or aborted here, or ended.
    case ended
  }

  var state = State.connecting
  var format: Format
  /// The limits.
  public let limits: RequestLimits
  /// The connection, from `connectionMade` on.
  public private(set) var transport: (any Transport)?
  /// Unowned, because the reactor retains the transport, and that this.
  unowned let reactor: Reactor

  var table: RequestTable<Response>
  /// The requests that this connection has accepted and not sent.
  let queue: RequestQueue<Request, Response>
  /// The requests of the client, once the connection is prepared.
  var shared: RequestQueue<Request, Response>?
  let cancellations: RequestCancellations
  let pushHandler: PushHandler<Response>
  /// Whether they are for this connection alone.
  private(set) var ownsPushes = false
  let deadlines: RequestDeadlines
  let isOrdered: Bool
  /// The number of requests in the table that were given up.
  var givenUp = 0
  /// The number of cancellations at the last search.
  var sweptCancellations = 0

  var splitter: FrameSplitter
  /// The bytes of the frames of an incomplete message.
  var messageBytes = 0
  var receptions = 0
  var isReading = false

  /// What is written and not handed to the transport yet.
  var output: [UInt8] = []
  var handedBytes = 0
  var isWritable = true
  var isFlushScheduled = false

  var isClosing = false
  /// What requests get that are made after the end; nil if it was closed or aborted here.
  var endError: RequestError?
  var closes: [Deferred<Void>] = []
  /// Called when it has failed all of its requests.
  var onEnded: (() -> Void)?
  /// Called when requests have ended.
  var onSettled: (() -> Void)?

  /// - Parameters:
  ///   - format: how requests are written and messages read.
  ///   - limits: the limits.
  ///   - reactor: the reactor of the connection; nil is the current one.
  public convenience init(_ format: Format, limits: RequestLimits = RequestLimits(), on reactor: Reactor? = nil) {
    self.init(
      format, limits, on: reactor ?? .current, cancellations: RequestCancellations(), pushes: PushHandler())
    ownsPushes = true
  }

  init(
    _ format: Format, _ limits: RequestLimits, on reactor: Reactor, cancellations: RequestCancellations,
    pushes: PushHandler<Response>
  ) {
    require(limits.window > 0, "a window of \(limits.window) requests lets none through")
    require(format.ids?.lowerBound ?? 0 >= 0, "an id of a request is not negative")
    self.format = format
    self.limits = limits
    self.reactor = reactor
    self.cancellations = cancellations
    pushHandler = pushes
    isOrdered = format.ids == nil
    table = RequestTable(numbers: format.ids ?? 0...Int.max)
    splitter = FrameSplitter(format.framing)
    queue = RequestQueue(on: reactor, maximum: limits.maximumWaiting)
    deadlines = RequestDeadlines(on: reactor)
    queue.timeoutError = { [unowned self] in error(.timedOut, wasSent: false) }
    deadlines.onTime = { [unowned self] now in expire(at: now) }
  }

  /// Called with each message that answers no request. Without it they are dropped.
  public var onPush: ((Response) -> Void)? {
    get { pushHandler.handler }
    set { pushHandler.handler = newValue }
  }

  /// The number of requests that wait for the window.
  public var waitingCount: Int { queue.count }
  /// The number of requests that were sent and have no response, the cancelled ones included.
  public var underWayCount: Int { table.count }

  func error(_ code: RequestError.Code, wasSent: Bool, cause: (any Error)? = nil) -> RequestError {
    RequestError(code, wasSent: wasSent, peer: transport?.peerAddress.map { "\($0)" }, cause: cause)
  }

  // MARK: - Sending

  /// See `send`.
  public func beginRequest(_ request: Request, timeout: Duration?, at site: CallSite) -> Deferred<Response> {
    let response = Deferred<Response>(cancelledBy: cancellations, file: site.file, line: site.line)
    let deadline = limits.deadline(from: reactor.turnTime, timeout)
    submit(.init(request: request, receiver: .response(response), deadline: deadline))
    return response
  }

  /// Sends a request that gets no response. The Deferred fires when it is sent: behind those before it, within the
  /// window. JSON-RPC: a notification.
  @discardableResult
  public func notify(_ request: Request, file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    let sent = Deferred<Void>(cancelledBy: cancellations, file: file, line: line)
    submit(.init(request: request, receiver: .sent(sent), deadline: limits.deadline(from: reactor.turnTime, nil)))
    return sent
  }

  private func submit(_ item: RequestQueue<Request, Response>.Waiting) {
    if isClosing, state != .ended { return item.receiver.fail(error(.closed, wasSent: false)) }
    // This may end it.
    let isNext = queue.isEmpty && canSend
    if state == .ended { return item.receiver.fail(endError ?? error(.closed, wasSent: false)) }
    if isNext { return sendNow(item) }
    if !queue.append(item) { item.receiver.fail(error(.queueFull, wasSent: false)) }
  }

  /// Whether a request would be sent now.
  var canSend: Bool {
    guard state == .open, isWritable else { return false }
    if hasRoom { return true }
    sweep()
    return state == .open && hasRoom
  }

  var hasRoom: Bool { (isOrdered ? table.count : table.count - givenUp) < limits.window }

  /// Gives up requests that were cancelled: with ids, they no longer count.
  private func sweep() {
    if isOrdered || sweptCancellations == cancellations.count { return }
    sweptCancellations = cancellations.count
    givenUp += table.giveUp { $0.response?.isFired == true }.count
    if givenUp > limits.window * 8 { end(.connectionLost, cause: error(.unanswered, wasSent: true)) }
  }

  func sendNow(_ item: RequestQueue<Request, Response>.Waiting) {
    write(item)
    flushSoon()
  }

  private func write(_ item: RequestQueue<Request, Response>.Waiting) {
    let mark = output.count
    do {
      guard case .response(let response) = item.receiver else {
        try format.write(item.request, id: 0, to: &output)
        return item.receiver.succeed()
      }
      guard let number = table.makeNumber() else {
        return end(.connectionLost, cause: error(.unanswered, wasSent: true), failing: item)
      }
      try format.write(item.request, id: number, to: &output)
      table.insert(
        .init(
          number: number, response: response, deadline: item.deadline, receptions: receptions,
          start: handedBytes + mark))
      deadlines.cover(item.deadline)
    } catch {
      output.removeSubrange(mark...)
      item.receiver.fail(error)
    }
  }

  /// Sends the waiting requests, as far as the window and the peer let it.
  func fill() {
    while canSend, let item = queue.popFirst() ?? shared?.popFirst() {
      write(item)
      // The transport has to see the bytes to apply back-pressure.
      if output.count >= Self.flushedBytes { flush() }
    }
  }

  /// Sends the requests of `queue` from now on, too.
  func open(_ queue: RequestQueue<Request, Response>) {
    shared = queue
    fill()
    flushSoon()
  }

  /// The number of bytes that are sent without waiting for the end of the turn.
  private static var flushedBytes: Int { 64 * 1024 }

  /// The requests of one turn are sent together. A single one is sent at once.
  func flushSoon() {
    if output.count >= Self.flushedBytes { return flush() }
    if isReading || output.isEmpty { return }
    if table.count == 1 { return flush() }
    if isFlushScheduled { return }
    isFlushScheduled = true
    reactor.callSoon {
      self.isFlushScheduled = false
      self.flush()
    }
  }

  func flush() {
    guard state == .open, !output.isEmpty else { return }
    handedBytes += output.count
    if output.count > Self.flushedBytes {
      let bytes = output
      output = []
      transport?.write(bytes)
    } else {
      // The transport copies what the kernel does not take, and the memory is used again.
      var bytes: [UInt8] = []
      swap(&bytes, &output)
      transport?.write(bytes.span)
      bytes.removeAll(keepingCapacity: true)
      if output.isEmpty { output = bytes }
    }
  }

  // MARK: - The connection

  /// Sends the waiting requests.
  public func connectionMade(_ transport: any Transport) {
    self.transport = transport
    if state == .ended { return transport.abort() }
    state = .open
    pushHandler.connected(transport)
    fill()
    flushSoon()
    settled()
  }

  /// Requests wait.
  public func pauseWriting() { isWritable = false }

  /// Sends the waiting requests.
  public func resumeWriting() {
    isWritable = true
    if isReading { return }
    fill()
    flushSoon()
  }

  package var heldBytes: Int { splitter.rest.count }

  /// Reads the messages in the received bytes.
  public func dataReceived(_ bytes: Span<UInt8>) { received(bytes) }

  /// Fails the requests under way.
  public func connectionLost(_ end: ConnectionEnd) { self.end(.connectionLost, cause: end.error) }
}
