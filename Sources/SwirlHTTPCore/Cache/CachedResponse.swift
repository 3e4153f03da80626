package import HTTPTypes

/// A stored response.
package struct CachedResponse: Sendable {
  /// The status line and the fields, without Age and the connection-specific fields (RFC 9111 §3.1).
  package let head: ResponseHead
  package let body: [UInt8]
  /// Whether the request was HEAD. Such a response answers only HEAD.
  package let isHead: Bool
  /// Whether content codings were decoded.
  package let isDecoded: Bool
  /// The request fields that select it: see ``CacheVariant``.
  package let variant: [UInt8]
  /// When it arrived, in seconds since 1970.
  package let responseTime: Int
  /// Its age at that time (RFC 9111 §4.2.3).
  package let initialAge: Int
  /// Its freshness lifetime, counted from age zero (§4.2.1).
  let lifetime: Int
  package let control: CacheControl

  package init?(
    head bytes: [UInt8], body: [UInt8], isHead: Bool, isDecoded: Bool, variant: [UInt8], responseTime: Int,
    initialAge: Int
  ) {
    guard let head = ResponseHead(stored: bytes) else { return nil }
    self.head = head
    self.body = body
    self.isHead = isHead
    self.isDecoded = isDecoded
    self.variant = variant
    // A stored file may have any value: clamp it, so that no sum overflows.
    self.responseTime = min(max(responseTime, 0), HTTPDate.last)
    self.initialAge = min(max(initialAge, 0), HTTPDate.last)
    control = CacheControl(head.fields)
    lifetime = Self.lifetime(head, control, responseTime: self.responseTime)
  }

  /// From a received response.
  package init?(
    _ head: ResponseHead, _ body: [UInt8], isHead: Bool, isDecoded: Bool, variant: [UInt8], requestTime: Int,
    responseTime: Int
  ) {
    self.init(
      head: head.storedBytes(), body: body, isHead: isHead, isDecoded: isDecoded, variant: variant,
      responseTime: responseTime,
      initialAge: Self.initialAge(head, requestTime: requestTime, responseTime: responseTime))
  }

  /// Its size in bytes for the cache's limit.
  package var size: Int { head.bytes.count + body.count + variant.count + 64 }

  // MARK: - Freshness

  /// RFC 9111 §4.2.3; the duration of the request counts as age.
  private static func initialAge(_ head: ResponseHead, requestTime: Int, responseTime: Int) -> Int {
    let date = head["date"].flatMap { HTTPDate.parseAny($0, now: responseTime) } ?? responseTime
    let apparentAge = max(0, responseTime - date)
    // The first of several values counts; a malformed one is ignored (§5.1).
    let age = head["age"].flatMap { $0.separatedOutsideQuotes.first }.flatMap { DeltaSeconds.parse($0.trimmedOfBlanks) }
    return max(apparentAge, (age ?? 0) + max(0, responseTime - requestTime))
  }

  /// The maximum of the heuristic: a week.
  private static let longestHeuristic = 7 * 86_400

  private static func lifetime(_ head: ResponseHead, _ control: CacheControl, responseTime: Int) -> Int {
    // §4.2.1: a malformed lifetime counts as stale.
    if control.has("max-age") { return control.seconds("max-age") ?? 0 }
    let date = head["date"].flatMap { HTTPDate.parseAny($0, now: responseTime) } ?? responseTime
    // §5.3: an invalid date, such as 0, counts as expired.
    if let expires = head["expires"] {
      return HTTPDate.parseAny(expires, now: responseTime).map { max(0, $0 - date) } ?? 0
    }
    guard head.statusCode.isHeuristicallyCacheable || control.has("public"),
      let modified = head["last-modified"].flatMap({ HTTPDate.parseAny($0, now: responseTime) })
    else { return 0 }
    return min(max(0, (date - modified) / 10), longestHeuristic)
  }

  /// Its age.
  package func age(at now: Int) -> Int { initialAge + max(0, now - responseTime) }

  /// The seconds since it became stale; negative while it is fresh.
  func staleness(at now: Int) -> Int { age(at: now) - lifetime }

  /// Whether it may be served stale without validation (§4.2.4).
  private var mayBeStale: Bool { !control.has("must-revalidate") && !control.has("no-cache") }

  /// How the cache may use it for a request.
  package enum Use {
    case fresh
    case stale
    /// At once, while the cache revalidates it (RFC 5861 §3).
    case staleWhileRevalidating
    /// Only after the server has validated it.
    case validated
  }

  /// How the cache may use it for a request with these directives (RFC 9111 §4, §5.2.1).
  package func use(for asked: CacheControl, at now: Int) -> Use {
    if control.has("no-cache") || asked.has("no-cache") { return .validated }
    let age = age(at: now)
    if asked.has("max-age"), age > asked.seconds("max-age") ?? -1 { return .validated }
    let staleness = staleness(at: now)
    if asked.has("min-fresh") {
      guard let rest = asked.seconds("min-fresh"), staleness + rest <= 0 else { return .validated }
    }
    if staleness < 0 { return .fresh }
    guard mayBeStale else { return .validated }
    // Without an argument any staleness is accepted; with a malformed one no staleness is.
    if asked.has("max-stale"), staleness <= asked.argument("max-stale").map({ DeltaSeconds.parse($0) ?? -1 }) ?? .max {
      return .stale
    }
    if let grace = control.seconds("stale-while-revalidate"), staleness <= grace { return .staleWhileRevalidating }
    return .validated
  }

  /// Whether it may be served in place of an error (RFC 5861 §4).
  package func mayReplaceError(for asked: CacheControl, at now: Int) -> Bool {
    let grace = max(control.seconds("stale-if-error") ?? -1, asked.seconds("stale-if-error") ?? -1)
    return mayBeStale && !asked.has("no-cache") && grace >= 0 && staleness(at: now) <= grace
  }

  // MARK: - Storing

  /// Whether a private cache may store the response and could reuse it (RFC 9111 §3).
  package static func isStorable(_ head: ResponseHead, asked: CacheControl) -> Bool {
    let control = CacheControl(head.fields)
    if asked.has("no-store") { return false }
    // §5.2.2.3: a cache that understands the status may ignore a no-store beside must-understand.
    let isUnderstood = head.statusCode.isHeuristicallyCacheable || [302, 303, 307].contains(head.statusCode)
    if control.has("must-understand") ? !isUnderstood : control.has("no-store") { return false }
    // Does not store a partial response, nor one that ends with its connection or whose end is ambiguous: it may be
    // truncated (§3.3).
    if head.statusCode == 206 || head.statusCode == 304 || head.framing == .untilClose || head.isAmbiguous {
      return false
    }
    if CacheVariant.names(in: head).contains("*") { return false }
    let isExplicit =
      control.has("public") || control.has("private") || control.has("max-age") || head["expires"] != nil
    guard isExplicit || head.statusCode.isHeuristicallyCacheable else { return false }
    return lifetime(head, control, responseTime: 0) > 0 || head["expires"] != nil || head["etag"] != nil
      || head["last-modified"] != nil || control.has("stale-while-revalidate") || control.has("stale-if-error")
  }

  /// A copy updated by a 304, or by a response to HEAD that describes the same content (RFC 9111 §4.3.4, §3.2).
  package func updated(by head: ResponseHead, requestTime: Int, responseTime: Int) -> CachedResponse? {
    var kept = self.head.fields
    // The new response's values replace the stored ones, even if it lacks the field.
    kept[.date] = nil
    kept[.age] = nil
    let new = head.fields.filter { !$0.name.isAboutContent }
    for field in new { kept[field.name] = nil }
    for field in new { kept.append(field) }
    return CachedResponse(
      head: self.head.storedBytes(with: kept), body: body, isHead: isHead, isDecoded: isDecoded, variant: variant,
      responseTime: responseTime,
      initialAge: Self.initialAge(head, requestTime: requestTime, responseTime: responseTime))
  }

  /// Whether a response to HEAD describes this stored response (RFC 9111 §4.3.5).
  package func isDescribed(by head: ResponseHead) -> Bool {
    guard head.statusCode == self.head.statusCode else { return false }
    return ["etag", "last-modified", "content-length"].allSatisfy { name in
      head.bytes(of: name).map { $0 == self.head.bytes(of: name) } ?? true
    }
  }

  /// Whether the ETag of a 304 equals its own by weak comparison (RFC 9110 §8.8.3.2).
  package func isMeant(by tag: [UInt8]) -> Bool {
    head.bytes(of: "etag").map { $0.opaqueTag == tag.opaqueTag } ?? false
  }
}

extension [UInt8] {
  fileprivate var opaqueTag: ArraySlice<UInt8> { starts(with: "W/".utf8) ? dropFirst(2) : self[...] }
}

extension Int {
  /// By status: RFC 9110 §15.1. Excludes 206, because this cache stores no partial responses.
  fileprivate var isHeuristicallyCacheable: Bool {
    switch self {
    case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501: true
    default: false
    }
  }
}

extension HTTPField.Name {
  /// Fields that describe the content on the wire, which a 304 does not change (RFC 9111 §3.2).
  fileprivate var isAboutContent: Bool {
    switch canonicalName {
    case "content-encoding", "content-length", "content-range", "transfer-encoding": true
    default: false
    }
  }

  /// Connection-specific fields (RFC 9111 §3.1), and Age, which is computed on each use.
  fileprivate var isForConnection: Bool {
    switch canonicalName {
    case "age", "connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization",
      "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
      true
    default: false
    }
  }
}

extension ResponseHead {
  /// What a cache has kept of one; or what a program has made, whose content is then framed as the answer to `method`.
  package init?(stored bytes: [UInt8], answering method: HTTPRequest.Method = .head) {
    var limits = HTTPLimits()
    // The head was within the client's limits when it arrived.
    limits.headBytes = max(limits.headBytes, bytes.count)
    limits.fieldCount = .max
    // The parser must accept what it accepted when the response arrived.
    var parser = ResponseParser(limits: limits, isLenient: true)
    // Kept bytes have no content.
    parser.expect(method)
    var offset = 0
    var bytes = bytes
    // The parser reads the status line of HTTP/1 (RFC 9113 §8.3.2: that of HTTP/2 has no version and no reason).
    let isHTTP2 = bytes.starts(with: "HTTP/2.0 ".utf8)
    if isHTTP2 { bytes.replaceSubrange(5..<8, with: "1.1".utf8) }
    guard case .head(let head)? = try? parser.next(bytes.span, at: &offset), offset == bytes.count else { return nil }
    self = isHTTP2 ? ResponseHead(http2: head, endsStream: false) : head
  }

  /// The status line and the fields in the stored form.
  fileprivate func storedBytes(with fields: HTTPFields? = nil) -> [UInt8] {
    let fields = fields ?? self.fields
    let named = fields[values: .connection].flatMap(\.separatedOutsideQuotes).map { $0.trimmedOfBlanks.lowercased() }
    var output = Array(bytes.prefix { $0 != 0x0A })
    output.append(0x0A)
    for field in fields where !field.name.isForConnection && !named.contains(field.name.canonicalName) {
      output.append(contentsOf: "\(field.name.rawName): ".utf8)
      output.append(contentsOf: field.bytes)
      output.append(contentsOf: [0x0D, 0x0A])
    }
    output.append(contentsOf: [0x0D, 0x0A])
    return output
  }
}
