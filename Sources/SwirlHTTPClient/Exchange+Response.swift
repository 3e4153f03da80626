import HTTPTypes
import SwirlContent
import SwirlHTTPCore

extension HTTPClient.Exchange {
  /// How to treat the content of a response.
  enum Reception {
    /// Decode and collect it as the response's body.
    case collect(ContentDecoder?)
    /// Decode and stream it.
    case stream(any ResponseSink, ContentDecoder?)
    /// Discard it: the response is a redirect or a challenge; `takeDetour` follows when it is complete.
    case discard
  }

  /// Processes a head: stores its cookies, and decides how to treat the content.
  /// - Throws: why the content cannot be decoded.
  func reception(of head: ResponseHead) throws(ContentError) -> Reception {
    client?.storeCookies(of: head, from: self)
    if isDetour(head) { return .discard }
    let decoder = head.hasContentCoding ? try decoder(for: head) : nil
    if case .stream(let stream) = consumer { return .stream(stream, decoder) }
    return .collect(decoder)
  }

  /// The decoder of the content; nil if it needs no decoding.
  private func decoder(for head: ResponseHead) throws(ContentError) -> ContentDecoder? {
    guard head.framing != .none, let client, client.decodesContent(of: request),
      let codings = head.list("content-encoding")
    else { return nil }
    var limits = ContentLimits(maximumSize: nil, maximumRatio: client.configuration.maximumDecodingRatio)
    limits.maximumSize = bodyLimit
    do throws(ContentError) { return try ContentDecoder(contentEncoding: codings, limits: limits) } catch {
      // As browsers do (Fetch standard, "handle content codings"): if one coding is unknown, the body stays encoded.
      if error.code == .unsupportedCoding, !client.configuration.strictResponses { return nil }
      throw error
    }
  }

  /// How much content is taken: what is streamed to the caller is not collected, and has no limit.
  var bodyLimit: Int? {
    stream == nil || request.isCollected ? client?.configuration.maximumBodySize : nil
  }

  /// Shows an informational response to the program.
  func show(informational head: ResponseHead) {
    guard !request.isOrdinary, let show = request.onInformational else { return }
    show(response(head, isDecoded: false, birth: nil))
  }

  /// The error of content that cannot be decoded.
  func error(_ error: ContentError) -> HTTPError {
    let isTooLarge = error.code == .tooLarge || error.code == .ratioTooHigh
    return self.error(isTooLarge ? .bodyTooLarge : .invalidResponse, "\(error)")
  }

  /// The response to this request.
  func response(
    _ head: ResponseHead, _ body: [UInt8] = [], _ trailers: HTTPFields? = nil, isDecoded: Bool,
    birth: ConnectionBirth?
  ) -> HTTPClient.Response {
    HTTPClient.Response(
      url: url, head: head, body: body, hasCodings: head.hasContentCoding && head.framing != .none && !isDecoded,
      trailers: trailers, history: history, times: times, birth: birth)
  }

  /// The properties of the request for the connection.
  var traits: HTTP1ClientMachine.RequestTraits {
    // Bits, since the set operations of a type of another module run unspecialized, and allocate.
    typealias Traits = HTTP1ClientMachine.RequestTraits
    var bits: UInt8 = 0
    if isLast { bits |= Traits.isLast.rawValue }
    if isRetry { bits |= Traits.isRepeat.rawValue }
    if upgrade != nil { bits |= Traits.isUpgrade.rawValue }
    if request.isRepeatable { bits |= Traits.isRepeatable.rawValue }
    guard let body = request.body else { return Traits(rawValue: bits | Traits.isReplayable.rawValue) }
    if body.isReplayable { bits |= Traits.isReplayable.rawValue }
    if request.expectsContinue { bits |= Traits.expectsContinue.rawValue }
    if case .source = body.content { bits |= Traits.isStreamed.rawValue }
    return Traits(rawValue: bits)
  }

  /// Whether the connection must close after it (RFC 9112 §9.6).
  private var isLast: Bool {
    let headers = request.headers
    if headers.isEmpty || !headers.contains(.connection) { return client?.isClosingAfterEach ?? true }
    return headers[values: .connection].contains(where: \.hasCloseOption)
  }

  // MARK: - Redirects and proofs

  /// Whether `head` is not final: a redirect to follow, or an authentication challenge to answer.
  private func isDetour(_ head: ResponseHead) -> Bool {
    switch head.statusCode {
    case ..<300: false
    // Of an upgrade only a challenge is answered.
    case 300...400 where upgrade != nil, 402... where upgrade != nil: false
    case 401: digest != nil && challenge(in: head) != nil
    case 407: proxyChallenge(in: head) != nil
    case 421: mayTryElsewhere
    default: Redirection.location(in: head) != nil && redirects.limit > 0
    }
  }

  /// The name and password for a proof, if the client answers challenges.
  var digest: (user: String, password: String)? {
    client?.builtIns.contains(.authentication) == true ? request.authentication?.digest : nil
  }

  /// The challenge to answer; nil if the server has refused a proof already.
  private func challenge(in head: ResponseHead) -> DigestChallenge? {
    guard request.hasReplayableBody,
      let challenge = head.digestChallenge(in: .wwwAuthenticate, content: request.knownContent)
    else { return nil }
    // The first proof may have used a nonce that has expired.
    let isNew = proof == nil || challenge.isStale
    return isNew && challenges < 2 ? challenge : nil
  }

  /// The challenge of the proxy that forwards the request. What an origin says through a tunnel is not its proxy's.
  private func proxyChallenge(in head: ResponseHead) -> (Proxy, DigestChallenge)? {
    guard request.hasReplayableBody, let client, let origin = try? HTTPURL(url).origin,
      let pool = try? client.pools.pool(for: origin, http2Use), pool.asksProxy, let proxy = pool.proxy,
      let challenge = proxy.challenge(in: head, answered: Int(proxyChallenges), content: request.knownContent)
    else { return nil }
    return (proxy, challenge)
  }

  /// Whether another connection may lead to the server that answers for the origin (RFC 9110 §15.5.20).
  private var mayTryElsewhere: Bool {
    guard !isMisdirected, request.hasReplayableBody, let client, let origin = try? HTTPURL(url).origin,
      let pool = try? client.pools.pool(for: origin, http2Use)
    else { return false }
    return pool.hasRoomForMisdirected
  }

  /// Follows the redirect or answers the challenge in `head`.
  func takeDetour(_ head: ResponseHead) {
    if head.statusCode == 421 {
      if isFinished { return }
      isMisdirected = true
      return sendAgain()
    }
    if head.statusCode == 407 {
      guard let client, !isFinished, let (proxy, challenge) = proxyChallenge(in: head) else { return }
      proxyChallenges += 1
      client.pools.proxySessions.note(challenge, of: proxy)
      return sendAgain()
    }
    guard head.statusCode == 401 else { return redirect(by: head) }
    guard let client, !isFinished, let challenge = challenge(in: head) else { return }
    challenges += 1
    client.noteChallenge(challenge, to: self)
    sendAgain()
  }

  private func sendAgain() {
    isRetry = false
    state = nil
    client?.send(self)
  }

  private var redirects: HTTPClient.Redirects {
    guard let client, client.builtIns.contains(.redirects) else { return .none }
    return request.redirects ?? client.configuration.redirects
  }

  /// Follows the redirect in `head`.
  private func redirect(by head: ResponseHead) {
    guard !isFinished, let client, let location = Redirection.location(in: head) else { return }
    switch client.redirected(request, to: location, head.statusCode, redirects, after: history) {
    case .failure(let refused): finish(.failure(error(.redirect, refused.reason)))
    case .success(let next):
      history.append(
        HTTPClient.RedirectStep(url: url, method: method, status: .init(number: head.statusCode)))
      request = next
      proof = nil
      isMisdirected = false
      challenges = 0
      proxyChallenges = 0
      sendAgain()
    }
  }
}

extension String {
  /// Whether, as the value of a Connection field, it has the option `close`.
  var hasCloseOption: Bool {
    split { $0 == "," || $0 == " " || $0 == "\t" }.contains { $0.lowercased() == "close" }
  }
}
