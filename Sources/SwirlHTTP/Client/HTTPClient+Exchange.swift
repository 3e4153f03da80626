import HTTPTypes
public import SwirlDeferred
import SwirlHTTPWire
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
      case stream(ResponseStream)
    }

    /// nil before it is anywhere, and when its error is about to be told.
    var state: State?
    let method: HTTPRequest.Method
    let url: String
    let target: String
    let headers: HTTPFields
    let requestBody: [UInt8]?
    let timeout: Duration?
    /// When the whole must have ended, on the reactor's clock; in a streamed body, when more must have come.
    var deadline: Int64
    /// Whether it was tried on a kept connection that turned out to be closed: that happens once.
    var isRetry = false
    /// Which request of its client it is, counted through: who came first is served first.
    let number: Int
    /// Its place in the line of its pool.
    var place = 0
    /// Runs while it waits; on a connection that connection's timer takes over.
    var timer: DelayedCall?
    /// Set as soon as the request has been started; nil once it was told.
    var consumer: Consumer?
    /// A client that nobody else keeps lives until its requests have ended.
    private(set) var client: HTTPClient?
    /// Kept for the task that awaits it only.
    private(set) var result: Result<Response, any Error>?

    init(
      _ method: HTTPRequest.Method, _ url: String, target: String, headers: HTTPFields, body: [UInt8]?,
      timeout: Duration?, deadline: Int64, number: Int, by client: HTTPClient
    ) {
      self.method = method
      self.url = url
      self.target = target
      self.headers = headers
      requestBody = body
      self.timeout = timeout
      self.deadline = deadline
      self.number = number
      self.client = client
    }

    /// Who is told of the response while it comes, if that was asked for.
    var stream: ResponseStream? {
      if case .stream(let stream) = consumer { stream } else { nil }
    }

    var isFinished: Bool {
      if case .finished = state { true } else { false }
    }

    /// Whether a second try could do harm: RFC 9110 §9.2.2 lets a client repeat idempotent methods only.
    var isRepeatable: Bool {
      switch method {
      case .get, .head, .options, .trace, .put, .delete: true
      default: false
      }
    }

    /// Whether the connection must not be used again after it (RFC 9112 §9.6).
    var isLast: Bool {
      if headers.isEmpty || !headers.contains(.connection) { return client?.isClosingAfterEach ?? true }
      return headers[values: .connection].contains(where: \.hasCloseOption)
    }

    /// Ends the request: its connection is closed, its place in a queue given up. The result is `CancelledError`.
    /// One that has its result is left alone.
    public func cancel() {
      abort(CancelledError())
    }

    /// Takes the request from where it is and gives it `error` as its result.
    func abort(_ error: any Error) {
      switch state {
      case .waiting(let pool): pool.remove(self)
      case .sent(let connection): connection.takeUnretainedValue().drop(self)
      case .finished: return
      case nil: break
      }
      finish(.failure(error))
    }

    func abortTimedOut() {
      let doing =
        if case .sent = state { stream?.hasHead == true ? "no more of the body" : "no complete answer" } else {
          "no connection"
        }
      let duration = timeout ?? .zero
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
      case .stream(let stream): stream.finish(result)
      }
    }

    /// Gives `error` as the result in the next turn: never in the caller's stack, since a callback that is called now by some
    /// errors and later by others is a trap.
    func failSoon(_ error: HTTPError) {
      state = nil
      let failure = LateFailure(of: self, error)
      client?.reactor.callSoon { failure.tell() }
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
      HTTPError(code, method.rawValue, url, reason, network: network, wire: wire)
    }
  }
}

/// A failure to be told in the next turn, if there is one.
private final class LateFailure {
  private let exchange: HTTPClient.Exchange
  private let error: HTTPError

  init(of exchange: HTTPClient.Exchange, _ error: HTTPError) {
    self.exchange = exchange
    self.error = error
  }

  func tell() { exchange.finish(.failure(error)) }

  deinit { if !exchange.isFinished { exchange.abandon() } }
}

extension String {
  /// Whether, as the value of a Connection field, it has the option `close`.
  var hasCloseOption: Bool {
    split { $0 == "," || $0 == " " || $0 == "\t" }.contains { $0.lowercased() == "close" }
  }
}
