import HTTPTypes
import SwirlDeferred
import SwirlHTTPClient
import SwirlHTTPCore
import SwirlHTTPServer
import SwirlReactor

/// One request on its way to an upstream, and its answer back. On the reactor's thread.
///
/// The answer is given to the server in the turn after its head has come: what is whole by then goes out in one write,
/// and an upstream that fails by then is a 502.
final class Forwarding: RelayReceiver {
  private let proxy: ReverseProxy
  private let request: HTTPServer.StreamedRequest
  private let outgoing: OutgoingRequest
  private unowned let reactor: Reactor
  private var tried: [Upstream] = []
  /// nil once it has ended.
  private var relay: Relay?
  private var answer: Deferred<HTTPServer.Response>!
  /// The head of the answer, until it is passed on.
  private var head: HTTPClient.Response?
  /// Content that came before the server takes it.
  private var early: [UInt8] = []
  private var end: Result<HTTPFields?, any Error>?
  private var writer: HTTPServer.BodyWriter?
  private var timer: DelayedCall?
  /// When the upstream sent the latest bytes.
  private var lastReceived: Int64

  init(_ request: HTTPServer.StreamedRequest, _ outgoing: OutgoingRequest, by proxy: ReverseProxy) {
    self.request = request
    self.outgoing = outgoing
    self.proxy = proxy
    reactor = Reactor.current
    lastReceived = reactor.turnTime
  }

  func start() -> Deferred<HTTPServer.Response> {
    answer = Deferred(canceller: { [weak self] answer in
      answer.errback(CancelledError())
      self?.abandon()
    })
    defer { send() }
    return answer
  }

  private func send() {
    guard let upstream = proxy.upstreams.choose(at: reactor.turnTime, except: tried) else { return }
    tried.append(upstream)
    relay = proxy.client.relay(
      outgoing.request(to: upstream), target: outgoing.target.text(for: upstream),
      upgrade: outgoing.isWebSocket ? "websocket" : nil, to: self)
    if timer == nil { watch(until: reactor.turnTime + proxy.responseNanoseconds) }
  }

  // MARK: - The upstream's side

  func relayInformed(_ response: HTTPClient.Response) {
    lastReceived = reactor.turnTime
    if response.status.code == 103 {
      request.earlyHints(HopByHopFields.removed(from: response.headers, isRequest: false))
    }
  }

  func relayBegan(_ response: HTTPClient.Response) {
    lastReceived = reactor.turnTime
    head = response
    reactor.callSoon { [self] in reply() }
  }

  func relayReceived(_ bytes: [UInt8]) {
    lastReceived = reactor.turnTime
    if let writer { return write(bytes, to: writer) }
    early += bytes
    if early.count >= BodyWaterMarks.high { relay?.pause() }
  }

  func relayEnded(_ result: Result<HTTPFields?, any Error>) {
    relay = nil
    if let writer { return finish(writer, result) }
    end = result
    // Otherwise `reply` has it in a moment.
    if head == nil, case .failure(let error) = result { failed(error) }
  }

  func relaySwitched(_ upgraded: HTTPClient.Upgraded) {
    relay = nil
    stopWatch()
    let passage = TunnelStart(upgraded.transport)
    if answer.isFired { return }
    let fields = switchingFields(of: upgraded.response)
    answer.callback(.upgrade(to: "websocket", headers: fields) { client in passage.begin(with: client) })
  }

  /// What the client gets with the 101.
  private func switchingFields(of response: HTTPClient.Response) -> HTTPFields {
    var fields = answerFields(of: response)
    fields[.secWebSocketAccept] = outgoing.clientKey.map(WebSocketAccept.value)
    return fields
  }

  // MARK: - The client's side

  /// Gives the answer to the server.
  private func reply() {
    guard let response = head.take() else { return }
    if answer.isFired { return abandon() }
    if case .failure(let error) = end { return failed(error) }
    let fields = answerFields(of: response)
    let hasContent = outgoing.method != .head && ![204, 205, 304].contains(response.status.code)
    if hasContent, case .success(let trailers) = end, trailers == nil {
      stopWatch()
      var whole = HTTPServer.Response.bytes(early, status: response.status)
      whole.headers = fields
      return answer.callback(whole)
    }
    let length = hasContent ? response["content-length"].flatMap { Int($0) } : nil
    // Where there is no content, it is not called.
    let start = hasContent ? WriterStart(self) : nil
    if !hasContent { stopWatch() }
    answer.callback(
      .stream(status: response.status, headers: fields, length: length) { writer in start?.begin(writer) })
  }

  /// The server takes content.
  fileprivate func begin(_ writer: HTTPServer.BodyWriter) {
    self.writer = writer
    writer.onDisconnect = { [self] in abandon() }
    writer.onDrain = { [weak self] in self?.relay?.resume() }
    let bytes = early
    early = []
    if !bytes.isEmpty { write(bytes, to: writer) } else { relay?.resume() }
    if let end { finish(writer, end) }
  }

  private func write(_ bytes: [UInt8], to writer: HTTPServer.BodyWriter) {
    if writer.write(bytes) { relay?.resume() } else { relay?.pause() }
  }

  private func finish(_ writer: HTTPServer.BodyWriter, _ result: Result<HTTPFields?, any Error>) {
    stopWatch()
    self.writer = nil
    writer.onDisconnect = nil
    switch result {
    case .success(let trailers): writer.end(trailers: outgoing.takesTrailers ? trailers : nil)
    case .failure(let error):
      if !UpstreamFailure(error).isOfClient {
        proxy.log("the answer ended in the middle, and so did that to the client: \(error)", of: request)
      }
      writer.abort()
    }
  }

  /// The client has left.
  fileprivate func abandon() {
    stopWatch()
    writer = nil
    early = []
    relay?.abort(CancelledError())
  }

  // MARK: - Failing

  private func failed(_ error: any Error) {
    if answer.isFired { return stopWatch() }
    if mayTryAnother(after: error) { return send() }
    stopWatch()
    let failure = UpstreamFailure(error)
    if !failure.isOfClient { proxy.log(failure.reason, of: request) }
    answer.errback(failure.statusError)
  }

  /// Only where nothing was sent, so that the content is there as well.
  private func mayTryAnother(after error: any Error) -> Bool {
    guard let error = error as? HTTPError, error.code == .cannotConnect, let upstream = tried.last else { return false }
    let now = reactor.turnTime
    proxy.upstreams.noteFailure(of: upstream, at: now)
    guard tried.count < proxy.upstreams.all.count else { return false }
    proxy.log("another upstream is asked: \(error)", of: request)
    end = nil
    return true
  }

  // MARK: - Time

  private func watch(until time: Int64) {
    timer = reactor.callAt(Instant(nanoseconds: time)) { [weak self] in self?.checkTime() }
  }

  private func checkTime() {
    let now = reactor.turnTime
    let limit = proxy.responseNanoseconds
    // A client that is slow is its server's to end.
    if relay?.isPaused == true || outgoing.progress.isAwaited { return watch(until: now + limit) }
    let latest = max(lastReceived, outgoing.progress.lastSent)
    if now - latest < limit { return watch(until: latest + limit) }
    timer = nil
    guard let relay else { return }
    relay.abort(relay.lateError(proxy.configuration.responseTimeout))
  }

  private func stopWatch() { timer.take()?.cancel() }

  // MARK: - Fields

  private func answerFields(of response: HTTPClient.Response) -> HTTPFields {
    let received = response.headers
    var fields = HopByHopFields.removed(from: received, isRequest: false)
    let via = received[values: .via] + ["\(response.version.number) \(proxy.pseudonym)"]
    fields[values: .via] = [via.joined(separator: ", ")]
    // Of content that is not sent.
    if outgoing.method == .head || response.status.code == 304, let length = received[.contentLength] {
      fields[.contentLength] = length
    }
    return fields
  }
}

/// Begins the body of an answer. The server releases it without a call if the client has left before.
private final class WriterStart {
  private var forwarding: Forwarding?

  init(_ forwarding: Forwarding) { self.forwarding = forwarding }

  func begin(_ writer: HTTPServer.BodyWriter) { forwarding.take()?.begin(writer) }

  deinit { forwarding?.abandon() }
}
