import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension HTTPClient {
  /// A request in progress, from the call to its result. Its only public operation is to cancel it.
  public final class Exchange: CancellableCall, NamedWork {
    /// The state of the request.
    enum State {
      /// Queued in its pool, until a connection is free.
      case waiting(ConnectionPool)
      /// On a connection. Unmanaged is safe: a connection that ends takes its exchange out of this state. A strong
      /// reference would be a cycle that outlives the reactor.
      case sent(Unmanaged<ClientConnection>)
      /// On a stream of a connection, or with the function that stands in for servers.
      case carried(any RequestCarrier)
      /// With the interceptors.
      case intercepted(Deferred<Response>)
      /// It has its result.
      case finished
    }

    /// The receiver of the result.
    enum Consumer {
      case callback((Result<Response, any Error>) throws -> Void, CallSite)
      case deferred(Deferred<Response>)
      /// Reads `result` when it resumes.
      case task(ParkedTask)
      /// Receives the head, the content and the end as they arrive.
      case stream(any ResponseSink)
    }

    // Exempt from run-time checks for overlapping access, as in the connection: each is read or written as a whole, and
    // never held during a call that could be re-entrant.
    /// nil before its first state, and while its error is pending.
    @exclusivity(unchecked) var state: State?
    /// The request; a redirect changes it.
    @exclusivity(unchecked) var request: Request
    /// The request target in origin form.
    @exclusivity(unchecked) var target: String
    let timeout: Duration?
    /// The answer to an authentication challenge, isomorphic-decoded (each byte is one character).
    @exclusivity(unchecked) var proof: String?
    /// The number of authentication challenges.
    @exclusivity(unchecked) var challenges = 0
    /// The redirects that were followed.
    @exclusivity(unchecked) var history: [RedirectStep] = []
    /// The deadline of the whole request, on the reactor's clock; for a streamed body, of the next bytes.
    @exclusivity(unchecked) var deadline: Int64
    /// The deadline of the next bytes, for requests with a read timeout.
    @exclusivity(unchecked) private var readDeadline = Int64.max
    /// Whether it was already repeated after a kept connection turned out to be closed: that happens only once.
    @exclusivity(unchecked) var isRetry = false
    /// Whether it was sent to a server that does not answer for its origin: then it gets a connection of its own, once
    /// (RFC 9110 §15.5.20).
    @exclusivity(unchecked) var isMisdirected = false
    /// How often a server refused it before it looked at it (RFC 9113 §8.7).
    @exclusivity(unchecked) var refusals: UInt8 = 0
    /// The number of challenges of a proxy.
    @exclusivity(unchecked) var proxyChallenges: UInt8 = 0
    /// Sequence number within the client; the pool serves the lowest first.
    let number: Int
    /// Whether it stands for a call whose requests the interceptors make.
    let isCall: Bool
    /// Its place in the queue of its pool.
    @exclusivity(unchecked) var ticket = 0
    /// The times of its steps.
    @exclusivity(unchecked) var times = ExchangeTimes()
    /// Runs while it is queued; on a connection that connection's timer takes over.
    @exclusivity(unchecked) var timer: DelayedCall?
    /// Set right after the start; nil once it has received the result.
    @exclusivity(unchecked) var consumer: Consumer?
    /// Strong, so that a client without another owner lives until its requests have ended.
    @exclusivity(unchecked) private(set) var client: HTTPClient?
    /// Stored for an awaiting task only.
    @exclusivity(unchecked) private(set) var result: Result<Response, any Error>?

    init(_ request: Request, timeout: Duration?, deadline: Int64, number: Int, isCall: Bool, by client: HTTPClient) {
      self.request = request
      target = ""
      self.timeout = timeout
      self.deadline = deadline
      self.number = number
      self.isCall = isCall
      self.client = client
    }

    var method: HTTPRequest.Method { request.method }

    /// When it uses HTTP/2; nil is the client's choice. An upgrade is one of HTTP/1.1.
    @inline(__always) var http2Use: HTTP2Use? {
      if !request.isOrdinary, let use = request.http2Use { return use }
      return !request.headers.isEmpty && request.headers.contains(.upgrade) ? .off : nil
    }
    var url: String { request.url }

    /// Replaces the URL by an equivalent form.
    func setURL(_ url: String) { request.url = url }

    /// The sink of a streamed response, if any.
    var stream: (any ResponseSink)? {
      if case .stream(let stream) = consumer { stream } else { nil }
    }

    var isFinished: Bool {
      if case .finished = state { true } else { false }
    }

    @usableFromInline package var workName: String { "\(method) \(url.redactedURL)" }

    /// Ends the request: closes its connection, or leaves the queue. The result is `CancelledError`. Does nothing once
    /// it has its result.
    public func cancel() {
      abort(CancelledError())
    }

    /// The earlier of the two deadlines.
    var nextDeadline: Int64 { min(deadline, readDeadline) }

    /// Suspends the read deadline.
    func pause() {
      // The timeout of the whole request continues.
      if !request.isCollected { deadline = .max }
      readDeadline = .max
    }

    /// Restarts the deadlines: the next bytes must arrive within the time limit.
    func moveDeadline() {
      noteActivity()
      guard let timeout, let client, !request.isCollected else { return }
      deadline = min(client.reactor.turnTime + timeout.nanoseconds, request.deadline?.nanoseconds ?? .max)
    }

    /// Notes that the request was sent, or that bytes have arrived.
    func noteActivity() {
      guard !request.isOrdinary, let readTimeout = request.readTimeout, let client else { return }
      readDeadline = client.reactor.turnTime + readTimeout.nanoseconds
    }

    /// The consumer applies back-pressure.
    func pauseBody() {
      switch state {
      case .sent(let connection): connection.takeUnretainedValue().pauseBody()
      case .carried(let carrier): carrier.pauseBody()
      default: break
      }
    }

    /// The consumer resumes.
    func resumeBody() {
      switch state {
      case .sent(let connection): connection.takeUnretainedValue().resumeBody()
      case .carried(let carrier): carrier.resumeBody()
      default: break
      }
    }

    /// The time limit until it has a connection.
    var connectTimeout: Duration? { request.connectTimeout ?? client?.configuration.waitTimeout }

    /// Removes the request from its queue or connection, and fails it with `error`.
    func abort(_ error: any Error) {
      switch state {
      case .waiting(let pool): pool.remove(self)
      case .sent(let connection): connection.takeUnretainedValue().drop(self)
      case .carried(let carrier): carrier.drop()
      case .intercepted(let response):
        request.call?.cancellation.cancel()
        response.cancel()
      case .finished: return
      case nil: break
      }
      // Without a consumer the call that starts it has not returned: content that is sent at once may fail at once.
      if consumer == nil { finishSoon(.failure(error)) } else { finish(.failure(error)) }
    }

    func abortTimedOut() {
      let isSent =
        switch state {
        case .sent, .carried: true
        default: false
        }
      let doing = isSent ? stream?.hasHead == true ? "no more of the body" : "no complete answer" : "no connection"
      var duration = timeout ?? .zero
      if let client, deadline > client.reactor.now.nanoseconds {
        duration = (isSent ? request.readTimeout : connectTimeout) ?? duration
      }
      abort(error(.timeout, "\(doing) within \(duration): is the server slow, or the timeout too short?"))
    }

    /// Delivers the result to the consumer, once.
    func finish(_ result: Result<Response, any Error>) {
      guard let consumer = consumer.take() else { return }
      state = .finished
      timer?.cancel()
      timer = nil
      let client = client.take()
      client?.noteFinished(self)
      defer { withExtendedLifetime(client) {} }
      switch consumer {
      case .callback(let callback, let site): client?.reactor.perform(at: site) { try callback(result) }
      case .deferred(let deferred): deferred.fire(with: result)
      case .task(let task):
        self.result = result
        task.resume()
      case .stream(let stream): stream.finish(result, isReactorGone: false)
      }
    }

    /// Delivers `error` in the next turn, never inside the caller: a callback that runs at once for some errors and
    /// later for others would be a trap.
    func failSoon(_ error: HTTPError) { finishSoon(.failure(error)) }

    private func finishSoon(_ result: Result<Response, any Error>) {
      state = nil
      Teller(to: self).tellSoon(result)
    }

    /// Waits for the response of the interceptors.
    func intercept(_ response: Deferred<Response>) {
      if isFinished {
        // An interceptor has cancelled it before it returned.
        response.addBoth { _ in }
        return response.cancel()
      }
      state = .intercepted(response)
      let teller = Teller(to: self)
      var isStarting = true
      response.addBoth { result in
        // An interceptor may have had the response already.
        if isStarting { teller.tellSoon(result) } else { teller.tell(result) }
      }
      isStarting = false
    }

    /// The reactor is released, so no callback can run: releases everything silently.
    func abandon() {
      state = .finished
      // A task must not wait for ever.
      if case .task = consumer { return finish(.failure(ReactorReleasedError())) }
      stream?.finish(.failure(error(.clientClosed, "the reactor was released")), isReactorGone: true)
      consumer = nil
      client = nil
      timer?.cancel()
      timer = nil
    }

    func error(
      _ code: HTTPError.Code, _ reason: String, network: NetError? = nil, wire: HTTPWireError? = nil
    ) -> HTTPError {
      let way = history.isEmpty ? "" : " (on the way from \(history[0].url.redactedURL))"
      return HTTPError(code, method.rawValue, url, reason + way, network: network, wire: wire)
    }
  }
}

/// Delivers a later result. Its producer holds it: releasing the producer, as with the reactor, abandons the request.
private final class Teller {
  private let exchange: HTTPClient.Exchange

  init(to exchange: HTTPClient.Exchange) { self.exchange = exchange }

  func tell(_ result: Result<HTTPClient.Response, any Error>) { exchange.finish(result) }

  func tellSoon(_ result: Result<HTTPClient.Response, any Error>) {
    exchange.client?.reactor.callSoon { self.tell(result) }
  }

  deinit { if !exchange.isFinished { exchange.abandon() } }
}
