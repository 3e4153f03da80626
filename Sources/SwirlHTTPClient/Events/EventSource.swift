public import HTTPTypes
public import SwirlDeferred
package import SwirlHTTPCore
import SwirlNet
import SwirlReactor

/// A client of server-sent events (WHATWG HTML §9.2): events as they come, over as many connections as that takes.
///
/// ```swift
/// events("http://127.0.0.1:8080/prices").onEvent { event in print(event.data) }
/// reactor.run()
/// ```
///
/// It connects when `onEvent` is set or a loop begins. When the connection ends it reconnects, with the ID of the last
/// event in `Last-Event-ID`, after a pause that grows while attempts fail: a server that sends IDs can resume without a
/// gap. A response of status 204 ends it; so does a status other than 200 that is not among
/// ``Configuration/retriedStatuses``, or another content type, which is an error.
///
/// It belongs to the reactor's thread, on which all callbacks run. Once `onEvent` is set it stays alive until it is
/// closed; otherwise releasing it closes it.
public final class EventSource {
  /// The time limits and sizes.
  public struct Configuration: Sendable {
    /// The pause before it reconnects; the server changes it by `retry`. Up to as much again is added at random, so
    /// that clients do not reconnect together, and more while attempts fail.
    public var reconnectionTime = Duration.seconds(2)
    /// The most that is added to the pause while attempts fail.
    public var maximumDelay = Duration.seconds(60)
    /// How many attempts may fail in a row before it ends with the last error; nil for any number.
    public var attempts: Int?
    /// How long a connection may be silent: then it counts as dead, and it reconnects. Servers send comments more
    /// often. A request with a timeout of its own has that.
    public var idleTimeout = Duration.seconds(300)
    /// The statuses after which it tries again, in the server's time if that says so by Retry-After. The HTML standard
    /// names no such status.
    public var retriedStatuses: Set<HTTPResponse.Status> = [429, 500, 502, 503, 504]
    /// The most bytes of an event; a larger one ends it with an error.
    public var maximumEventSize = 1 << 20

    /// The usual ones.
    public init() {}
  }

  /// Why it reconnects, and when.
  public struct Interruption: Sendable {
    /// Why the connection, or the attempt at one, ended; nil if the server has ended the stream.
    public let error: (any Error)?
    /// How many attempts have failed in a row; 0 after a connection that was open.
    public let failures: Int
    /// The pause before the next attempt.
    public let delay: Duration
  }

  /// The ID of the last event that had one; empty before. WHATWG: `lastEventId`.
  public private(set) var lastEventID: String
  /// Whether a connection is open. WHATWG: `readyState`.
  public private(set) var isOpen = false
  /// Whether it has ended.
  public var isClosed: Bool { end != nil }

  private let client: HTTPClient
  private let request: HTTPClient.Request
  private let configuration: Configuration
  private var reconnectionTime: Duration

  /// The running attempt, or the connection that came of it.
  private var work: Deferred<Void>?
  /// The pause before the next attempt.
  private var pause: DelayedCall?
  private var failures = 0
  /// How it ended.
  private var end: Result<Void, any Error>?
  private var closers: [Deferred<Void>] = []

  private var eventCallback: ((ServerSentEvent) throws -> Deferred<Void>?)?
  private var openCallback: ((HTTPClient.StreamedResponse) -> Void)?
  private var interruptionCallback: ((Interruption) -> Void)?
  /// While a callback takes the events: it keeps itself until it is closed.
  private var keeper: EventSource?
  /// The loop that waits for the next event.
  private var nextEvent: Deferred<ServerSentEvent?>?

  /// Parsed events that were not delivered.
  private var arrived: ArraySlice<ServerSentEvent> = []
  /// The Deferred of the last event's callback has not fired.
  private var isBusy = false
  /// Whether a call on the stack delivers.
  private var isDelivering = false
  /// Fires when all of `arrived` is delivered: until then nothing is read.
  private var delivered: Deferred<Void>?

  init(
    _ client: HTTPClient, _ request: HTTPClient.Request, lastEventID: String, _ configuration: Configuration
  ) {
    require(configuration.attempts ?? 1 > 0, "an EventSource connects once at least")
    self.client = client
    self.configuration = configuration
    self.lastEventID = lastEventID
    reconnectionTime = configuration.reconnectionTime
    var request = request
    request.headers[.accept] = request.headers[.accept] ?? ServerSentEvent.mediaType
    request.headers[.cacheControl] = request.headers[.cacheControl] ?? "no-store"
    request.timeout = request.timeout ?? configuration.idleTimeout
    self.request = request
  }

  deinit {
    client.leave(self)
    pause?.cancel()
    work?.cancel()
    for closer in closers { closer.callback() }
  }

  // MARK: - The program's side

  /// Sets what is called when a connection is open, with the response's head. WHATWG: `onopen`.
  @discardableResult
  public func onOpen(_ callback: @escaping (HTTPClient.StreamedResponse) -> Void) -> Self {
    openCallback = callback
    return self
  }

  /// Sets what is called when it will reconnect. WHATWG: `onerror`.
  @discardableResult
  public func onInterruption(_ callback: @escaping (Interruption) -> Void) -> Self {
    interruptionCallback = callback
    return self
  }

  /// Ends it. A loop over it ends; callbacks are not called any more.
  public func close() { finish(.success(())) }

  /// Fires when it has ended: by `close()`, by its release or by the server's 204. It fails with the error that
  /// ended it: an ``HTTPError``, or an ``HTTPStatusError`` with the server's answer.
  public func closed() -> Deferred<Void> {
    switch end {
    case .success?: return .succeed()
    case .failure(let error)?: return .fail(error)
    case nil: break
    }
    let deferred = Deferred<Void>(canceller: { [weak self] deferred in
      self?.closers.removeAll { $0 === deferred }
    })
    closers.append(deferred)
    return deferred
  }

  func take(_ callback: @escaping (ServerSentEvent) throws -> Deferred<Void>?) {
    require(nextEvent == nil, "one receiver at a time: a loop takes the events already")
    if isClosed { return }
    eventCallback = callback
    keeper = self
    begin()
    deliver()
  }

  package func next() -> Deferred<ServerSentEvent?> {
    require(nextEvent == nil && eventCallback == nil, "one receiver at a time: a loop, or onEvent")
    let next = Deferred<ServerSentEvent?>(canceller: { [weak self] deferred in
      if self?.nextEvent === deferred { self?.nextEvent = nil }
    })
    switch end {
    case .success?: next.callback(nil)
    case .failure(let error)?: next.errback(error)
    case nil:
      nextEvent = next
      begin()
      deliver()
    }
    return next
  }

  // MARK: - Delivering

  private func deliver() {
    // Re-entrant call: the loop below us on the stack delivers what there is.
    if isDelivering { return }
    isDelivering = true
    while !isClosed, !isBusy, let event = arrived.first {
      if let eventCallback {
        arrived.removeFirst()
        lastEventID = event.id ?? ""
        call(eventCallback, event)
      } else if let next = nextEvent.take() {
        arrived.removeFirst()
        lastEventID = event.id ?? ""
        next.callback(event)
      } else {
        break
      }
    }
    isDelivering = false
    if arrived.isEmpty, !isBusy { delivered.take()?.callback() }
  }

  private func call(_ callback: (ServerSentEvent) throws -> Deferred<Void>?, _ event: ServerSentEvent) {
    do {
      guard let wait = try callback(event) else { return }
      isBusy = true
      // A Deferred that has fired calls this back at once: the loop in `deliver` continues.
      var isAtOnce = true
      wait.addBoth { [weak self] result in
        self?.isBusy = false
        if case .failure(let error) = result { self?.finish(.failure(error)) }
        if !isAtOnce { self?.deliver() }
      }
      isAtOnce = false
    } catch { finish(.failure(error)) }
  }

  // MARK: - Connecting

  private func begin() {
    if work != nil || pause != nil { return }
    client.enter(self)
    connect()
  }

  private func connect() {
    var request = request
    // An ID that no field can carry (RFC 9110 §5.5) is not sent.
    if !lastEventID.isEmpty, HTTPField.isValidValue(lastEventID) { request.headers[.lastEventID] = lastEventID }
    work = client.stream(request)
      .addCallback { [weak self] response -> Deferred<Void> in
        guard let self, !isClosed else { throw CancelledError() }
        return try read(response)
      }
      .addBoth { [weak self] result in self?.connectionEnded(result) }
  }

  /// Reads the events of a response.
  private func read(_ response: HTTPClient.StreamedResponse) throws -> Deferred<Void> {
    if response.status == .noContent {
      finish(.success(()))
      return .succeed()
    }
    guard response.status == .ok else {
      return response.collect(atMost: Self.mostOfRefusal)
        .addErrback { error in
          // The status says what to do, whatever becomes of the content.
          if error is CancelledError { throw error }
          return response.response
        }
        .addCallback { throw HTTPStatusError(response: $0) }
    }
    let type = response[.contentType] ?? ""
    guard type.prefix(while: { $0 != ";" && $0 != " " && $0 != "\t" }).lowercased() == ServerSentEvent.mediaType else {
      throw HTTPError(
        .invalidResponse,
        "the response is no stream of events: its Content-Type is \(type.isEmpty ? "missing" : "\"\(type)\"")",
        url: response.url)
    }
    isOpen = true
    openCallback?(response)
    // A cancellation does not reach the Deferred whose callback this is: the response is released unread.
    if isClosed { throw CancelledError() }
    var parser = EventStreamParser(lastEventID: lastEventID, limit: configuration.maximumEventSize)
    return response.body.drain { [weak self] piece in
      guard let self, !isClosed else { throw CancelledError() }
      return try received(piece, &parser, response.url)
    }
  }

  /// How much is kept of a response that is an error.
  private static let mostOfRefusal = 64 * 1024

  private func received(
    _ piece: [UInt8], _ parser: inout EventStreamParser, _ url: String
  ) throws -> Deferred<Void>? {
    var events: [ServerSentEvent] = []
    var tooLarge = false
    do { try parser.parse(piece.span, into: &events) } catch { tooLarge = true }
    reconnectionTime = parser.reconnectionTime ?? reconnectionTime
    let (lastID, limit) = (parser.lastEventID, configuration.maximumEventSize)
    arrived = events[...]
    deliver()
    if isClosed { throw CancelledError() }
    let isDelivered = arrived.isEmpty && !isBusy
    let wait = isDelivered ? Deferred<Void>.succeed() : Deferred<Void>()
    if !isDelivered { delivered = wait }
    return wait.addCallback { [weak self] in
      // An ID may come without an event.
      self?.lastEventID = lastID
      if tooLarge { throw HTTPError(.bodyTooLarge, "an event has more than \(limit) bytes", url: url) }
    }
  }

  private func connectionEnded(_ result: Result<Void, any Error>) {
    let wasOpen = isOpen
    isOpen = false
    work = nil
    if isClosed { return }
    switch result {
    case .success: reconnect(nil, wasOpen: wasOpen)
    case .failure(let error as HTTPStatusError) where configuration.retriedStatuses.contains(error.status):
      let asked = error.response["retry-after"].flatMap { RetryAfter($0, now: WallClock.now)?.delay }
      reconnect(error, wasOpen: wasOpen, asked: asked)
    case .failure(let error as HTTPError) where error.mayPass && !isPastDeadline: reconnect(error, wasOpen: wasOpen)
    case .failure(let error): finish(.failure(error))
    }
  }

  /// Whether the request's own deadline is over, which is one for all connections.
  private var isPastDeadline: Bool { request.deadline.map { $0 <= client.reactor.now } ?? false }

  private func reconnect(_ error: (any Error)?, wasOpen: Bool, asked: Duration? = nil) {
    // A body that was streamed cannot be sent again.
    if !request.hasReplayableBody { return finish(error.map { .failure($0) } ?? .success(())) }
    failures = wasOpen ? 0 : failures + 1
    if let error, let attempts = configuration.attempts, failures >= attempts { return finish(.failure(error)) }
    // A server that asks for no pause and then fails is not asked again at once.
    let first = failures == 0 ? reconnectionTime : Swift.max(reconnectionTime, Self.shortestBackoff)
    let more = Backoff(firstDelay: first, maximumDelay: Swift.max(reconnectionTime, configuration.maximumDelay))
    let delay = Swift.max(asked ?? .zero, reconnectionTime + more.delay(after: Swift.max(failures, 1)))
    pause = client.reactor.callLater(delay) { [weak self] in
      guard let self else { return }
      pause = nil
      connect()
    }
    interruptionCallback?(Interruption(error: error, failures: failures, delay: delay))
  }

  /// What is added at most to the pause after the first failed attempt, if the reconnection time is shorter.
  private static let shortestBackoff = Duration.milliseconds(100)

  // MARK: - Ending

  private func finish(_ result: Result<Void, any Error>) {
    if isClosed { return }
    end = result
    isOpen = false
    client.leave(self)
    let isHeard = eventCallback == nil || !closers.isEmpty
    arrived = []
    (eventCallback, openCallback, interruptionCallback, delivered) = (nil, nil, nil, nil)
    pause.take()?.cancel()
    work.take()?.cancel()
    // The callbacks below may release the last reference.
    let me = keeper.take() ?? self
    let waiting = closers
    closers = []
    switch result {
    case .success:
      nextEvent.take()?.callback(nil)
      for closer in waiting { closer.callback() }
    case .failure(let error):
      nextEvent.take()?.errback(error)
      for closer in waiting { closer.errback(error) }
      if !isHeard { client.reactor.logError("the events of \(request.url.redactedURL) have ended: \(error)") }
    }
    withExtendedLifetime(me) {}
  }

  /// The reactor is being released, which calls nothing of the program. A task in the loop resumes; the callbacks,
  /// which may retain this, are released.
  func abandon() {
    if isClosed { return }
    end = .failure(ReactorReleasedError())
    isOpen = false
    let released = (eventCallback, openCallback, interruptionCallback, delivered, closers, work, keeper)
    (eventCallback, openCallback, interruptionCallback, delivered) = (nil, nil, nil, nil)
    (closers, arrived, work, pause, keeper) = ([], [], nil, nil, nil)
    nextEvent.take()?.errback(ReactorReleasedError())
    withExtendedLifetime(released) {}
  }
}

extension HTTPField.Name {
  fileprivate static let lastEventID = HTTPField.Name("Last-Event-ID")!
}

@available(*, unavailable, message: "An EventSource belongs to the thread of its reactor")
extension EventSource: Sendable {}
