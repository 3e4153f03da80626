import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension HTTPClient {
  /// A request under way, from the call to its result. Cancelling it is all that can be done with it.
  public final class Exchange: CancellableCall {
    /// Where it is.
    enum State {
      /// In its pool, until a connection is free.
      case waiting(ConnectionPool)
      /// On a connection. Unmanaged is right: a connection that ends takes its exchange out of this state, and one that owned
      /// and was owned would outlive its reactor.
      case sent(Unmanaged<ClientConnection>)
      /// With the function that stands in for servers.
      case answered(AnsweredRequest)
      /// With the interceptors.
      case intercepted(Deferred<Response>)
      /// It has its result.
      case finished
    }

    /// Who gets the result.
    enum Consumer {
      case callback((Result<Response, any Error>) throws -> Void, CallSite)
      case deferred(Deferred<Response>)
      /// Looks for `result` when it goes on.
      case task(ParkedTask)
      /// Is told of the head, the content and the end while they come.
      case stream(any ResponseSink)
    }

    // Exempt from run-time checks for overlapping access, as in the connection: each is read or written whole, and none is held
    // while something is called that could come back.
    /// nil before it is anywhere, and when its error is about to be told.
    @exclusivity(unchecked) var state: State?
    /// What is asked for; a redirect changes it.
    @exclusivity(unchecked) var request: Request
    /// The request target in origin form.
    @exclusivity(unchecked) var target: String
    let timeout: Duration?
    /// The proof of who asks, for a server that wants one: each character is a byte.
    @exclusivity(unchecked) var proof: String?
    /// How often a server has asked for a proof.
    @exclusivity(unchecked) var challenges = 0
    /// The redirects that were followed.
    @exclusivity(unchecked) var history: [RedirectStep] = []
    /// When the whole must have ended, on the reactor's clock; in a streamed body, when more must have come.
    @exclusivity(unchecked) var deadline: Int64
    /// When something must have come, for requests that have a time for that.
    @exclusivity(unchecked) private var readDeadline = Int64.max
    /// Whether it was tried on a kept connection that turned out to be closed: that happens once.
    @exclusivity(unchecked) var isRetry = false
    /// Which request of its client it is, counted through: who came first is served first.
    let number: Int
    /// Its place in the line of its pool.
    @exclusivity(unchecked) var place = 0
    /// When what happened to it happened.
    @exclusivity(unchecked) var times = ExchangeTimes()
    /// Runs while it waits; on a connection that connection's timer takes over.
    @exclusivity(unchecked) var timer: DelayedCall?
    /// Set as soon as the request has been started; nil once it was told.
    @exclusivity(unchecked) var consumer: Consumer?
    /// A client that nobody else keeps lives until its requests have ended.
    @exclusivity(unchecked) private(set) var client: HTTPClient?
    /// Kept for the task that awaits it only.
    @exclusivity(unchecked) private(set) var result: Result<Response, any Error>?

    init(_ request: Request, timeout: Duration?, deadline: Int64, number: Int, by client: HTTPClient) {
      self.request = request
      target = ""
      self.timeout = timeout
      self.deadline = deadline
      self.number = number
      self.client = client
    }

    var method: HTTPRequest.Method { request.method }
    var url: String { request.url }

    /// The same URL, written in another way.
    func setURL(_ url: String) { request.url = url }

    /// Who is told of the response while it comes, if that was asked for.
    var stream: (any ResponseSink)? {
      if case .stream(let stream) = consumer { stream } else { nil }
    }

    var isFinished: Bool {
      if case .finished = state { true } else { false }
    }

    /// Ends the request: its connection is closed, its place in a queue given up. The result is `CancelledError`.
    /// One that has its result is left alone.
    public func cancel() {
      abort(CancelledError())
    }

    /// What comes first, of the times in which something must have happened.
    var nextDeadline: Int64 { min(deadline, readDeadline) }

    /// Nothing is to come for now.
    func pause() {
      // The time of the whole goes on.
      if !request.isCollected { deadline = .max }
      readDeadline = .max
    }

    /// Something came, or may come again: from now on the next must come within the time of the request.
    func moveDeadline() {
      noteActivity()
      guard let timeout, let client, !request.isCollected else { return }
      deadline = min(client.reactor.turnTime + timeout.nanoseconds, request.deadline?.nanoseconds ?? .max)
    }

    /// The request was sent, or something has come.
    func noteActivity() {
      guard !request.isOrdinary, let readTimeout = request.readTimeout, let client else { return }
      readDeadline = client.reactor.turnTime + readTimeout.nanoseconds
    }

    /// The consumer cannot take more: back-pressure for the server.
    func pauseBody() {
      switch state {
      case .sent(let connection): connection.takeUnretainedValue().pauseBody()
      case .answered(let answer): answer.pauseBody()
      default: break
      }
    }

    /// The consumer takes more again.
    func resumeBody() {
      switch state {
      case .sent(let connection): connection.takeUnretainedValue().resumeBody()
      case .answered(let answer): answer.resumeBody()
      default: break
      }
    }

    /// The time until there is a connection for it.
    var connectTimeout: Duration? { request.connectTimeout ?? client?.configuration.waitTimeout }

    /// Takes the request from where it is and gives it `error` as its result.
    func abort(_ error: any Error) {
      switch state {
      case .waiting(let pool): pool.remove(self)
      case .sent(let connection): connection.takeUnretainedValue().drop(self)
      case .answered(let answer): answer.drop()
      case .intercepted(let response): response.cancel()
      case .finished: return
      case nil: break
      }
      finish(.failure(error))
    }

    func abortTimedOut() {
      let isSent =
        switch state {
        case .sent, .answered: true
        default: false
        }
      let doing = isSent ? stream?.hasHead == true ? "no more of the body" : "no complete answer" : "no connection"
      var duration = timeout ?? .zero
      if let client, deadline > client.reactor.now.nanoseconds {
        duration = (isSent ? request.readTimeout : connectTimeout) ?? duration
      }
      abort(error(.timeout, "\(doing) within \(duration): is the server slow, or the timeout too short?"))
    }

    /// Gives the result to whoever asked for it, once.
    func finish(_ result: Result<Response, any Error>) {
      guard let consumer = consumer.take() else { return }
      state = .finished
      timer?.cancel()
      timer = nil
      let client = client.take()
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

    /// Gives `error` as the result in the next turn: never in the caller's stack, since a callback that is called now by some
    /// errors and later by others is a trap.
    func failSoon(_ error: HTTPError) { finishSoon(.failure(error)) }

    private func finishSoon(_ result: Result<Response, any Error>) {
      state = nil
      Teller(to: self).tellSoon(result)
    }

    /// Waits for what the interceptors make of it.
    func intercept(_ response: Deferred<Response>) {
      state = .intercepted(response)
      let teller = Teller(to: self)
      var isStarting = true
      response.addBoth { result in
        // An interceptor may have had the answer already.
        if isStarting { teller.tellSoon(result) } else { teller.tell(result) }
      }
      isStarting = false
    }

    /// The reactor is let go of: there is no loop left to tell of it in. Lets go of all that is held, without a word.
    func abandon() {
      state = .finished
      // A task must not wait for ever.
      if case .task = consumer { return finish(.failure(ReactorGoneError())) }
      stream?.finish(.failure(error(.clientClosed, "the reactor was let go of")), isReactorGone: true)
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

/// Tells a result that comes later. It is held by what will bring it: where that goes away, as with the reactor, so does the request.
private final class Teller {
  private let exchange: HTTPClient.Exchange

  init(to exchange: HTTPClient.Exchange) { self.exchange = exchange }

  func tell(_ result: Result<HTTPClient.Response, any Error>) { exchange.finish(result) }

  func tellSoon(_ result: Result<HTTPClient.Response, any Error>) {
    exchange.client?.reactor.callSoon { self.tell(result) }
  }

  deinit { if !exchange.isFinished { exchange.abandon() } }
}
