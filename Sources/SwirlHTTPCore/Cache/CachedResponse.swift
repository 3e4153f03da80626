package import HTTPTypes

/// A response as a cache keeps it.
package struct CachedResponse: Sendable {
  /// The status line and the fields, without Age and without those that are for one connection only (RFC 9111 §3.1).
  package let head: ResponseHead
  package let body: [UInt8]
  /// Whether HEAD was asked: it answers nothing else then.
  package let isHead: Bool
  /// Whether codings were taken off the content.
  package let isDecoded: Bool
  /// What of the request it depends on: see ``CacheVariant``.
  package let variant: [UInt8]
  /// When it came, in seconds since 1970.
  package let responseTime: Int
  /// How old it was then (RFC 9111 §4.2.3).
  package let initialAge: Int
  /// How long it is fresh, counted from an age of zero (§4.2.1).
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
    // What a file says may be anything: in between, nothing overflows.
    self.responseTime = min(max(responseTime, 0), HTTPDate.last)
    self.initialAge = min(max(initialAge, 0), HTTPDate.last)
    control = CacheControl(head.fields)
    lifetime = Self.lifetime(head, control, responseTime: self.responseTime)
  }

  /// From a response that came.
  package init?(
    _ head: ResponseHead, _ body: [UInt8], isHead: Bool, isDecoded: Bool, variant: [UInt8], requestTime: Int,
    responseTime: Int
  ) {
    self.init(
      head: head.storedBytes(), body: body, isHead: isHead, isDecoded: isDecoded, variant: variant,
      responseTime: responseTime,
      initialAge: Self.initialAge(head, requestTime: requestTime, responseTime: responseTime))
  }

  /// What it takes of a limit, in bytes.
  package var size: Int { head.bytes.count + body.count + variant.count + 64 }

  // MARK: - Freshness

  /// RFC 9111 §4.2.3; a time that the request took counts for it.
  private static func initialAge(_ head: ResponseHead, requestTime: Int, responseTime: Int) -> Int {
    let date = head["date"].flatMap { HTTPDate.parseAny($0, now: responseTime) } ?? responseTime
    let apparentAge = max(0, responseTime - date)
    // The first of several counts, and one that is malformed is none (§5.1).
    let age = head["age"].flatMap { $0.separatedOutsideQuotes.first }.flatMap { DeltaSeconds.parse($0.trimmedOfBlanks) }
    return max(apparentAge, (age ?? 0) + max(0, responseTime - requestTime))
  }

  /// No heuristic is for longer: a week.
  private static let longestHeuristic = 7 * 86_400

  private static func lifetime(_ head: ResponseHead, _ control: CacheControl, responseTime: Int) -> Int {
    // §4.2.1: one that is malformed is as good as none at all.
    if control.has("max-age") { return control.seconds("max-age") ?? 0 }
    let date = head["date"].flatMap { HTTPDate.parseAny($0, now: responseTime) } ?? responseTime
    // §5.3: what is no date, such as 0, has passed.
    if let expires = head["expires"] {
      return HTTPDate.parseAny(expires, now: responseTime).map { max(0, $0 - date) } ?? 0
    }
    guard head.status.isHeuristicallyCacheable || control.has("public"),
      let modified = head["last-modified"].flatMap({ HTTPDate.parseAny($0, now: responseTime) })
    else { return 0 }
    return min(max(0, (date - modified) / 10), longestHeuristic)
  }

  /// How old it is.
  package func age(at now: Int) -> Int { initialAge + max(0, now - responseTime) }

  /// For how long it has been stale; negative while it is fresh.
  func staleness(at now: Int) -> Int { age(at: now) - lifetime }

  /// Whether it may ever be used without being asked for again (§4.2.4).
  private var mayBeStale: Bool { !control.has("must-revalidate") && !control.has("no-cache") }

  /// How it may be used for a request.
  package enum Use {
    case fresh
    case stale
    /// At once, while it is asked for again (RFC 5861 §3).
    case staleWhileRevalidating
    /// Only when the server says that it is still the same.
    case validated
  }

  /// How it may be used for a request with these directives (RFC 9111 §4, §5.2.1).
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
    // Without an argument any age will do; with one that is malformed none.
    if asked.has("max-stale"), staleness <= asked.argument("max-stale").map({ DeltaSeconds.parse($0) ?? -1 }) ?? .max {
      return .stale
    }
    if let grace = control.seconds("stale-while-revalidate"), staleness <= grace { return .staleWhileRevalidating }
    return .validated
  }

  /// Whether it is better than an error (RFC 5861 §4).
  package func mayReplaceError(for asked: CacheControl, at now: Int) -> Bool {
    let grace = max(control.seconds("stale-if-error") ?? -1, asked.seconds("stale-if-error") ?? -1)
    return mayBeStale && !asked.has("no-cache") && grace >= 0 && staleness(at: now) <= grace
  }

  // MARK: - Storing

  /// Whether a private cache may keep the answer, and has a use for it (RFC 9111 §3).
  package static func isStorable(_ head: ResponseHead, asked: CacheControl) -> Bool {
    let control = CacheControl(head.fields)
    if asked.has("no-store") { return false }
    // §5.2.2.3: who understands the status need not mind a no-store beside it.
    let isUnderstood = head.status.isHeuristicallyCacheable || [302, 303, 307].contains(head.status)
    if control.has("must-understand") ? !isUnderstood : control.has("no-store") { return false }
    // A part is not stored, and what ends with its connection, or at a place that is in doubt, may have been cut off (§3.3).
    if head.status == 206 || head.status == 304 || head.framing == .untilClose || head.isAmbiguous {
      return false
    }
    if CacheVariant.names(in: head).contains("*") { return false }
    let isExplicit =
      control.has("public") || control.has("private") || control.has("max-age") || head["expires"] != nil
    guard isExplicit || head.status.isHeuristicallyCacheable else { return false }
    return lifetime(head, control, responseTime: 0) > 0 || head["expires"] != nil || head["etag"] != nil
      || head["last-modified"] != nil || control.has("stale-while-revalidate") || control.has("stale-if-error")
  }

  /// As it is after a 304, or the answer to a HEAD, said that it is still the same (RFC 9111 §4.3.4, §3.2).
  package func updated(by head: ResponseHead, requestTime: Int, responseTime: Int) -> CachedResponse? {
    var kept = self.head.fields
    // Those of the new answer count, even where it has none.
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

  /// Whether the answer to a HEAD is about what is kept here (RFC 9111 §4.3.5).
  package func isDescribed(by head: ResponseHead) -> Bool {
    guard head.status == self.head.status else { return false }
    return ["etag", "last-modified", "content-length"].allSatisfy { name in
      head.bytes(of: name).map { $0 == self.head.bytes(of: name) } ?? true
    }
  }

  /// Whether `tag`, that of a 304, is its own, as far as §8.8.3.2 of RFC 9110 compares weakly.
  package func isMeant(by tag: [UInt8]) -> Bool {
    head.bytes(of: "etag").map { $0.opaqueTag == tag.opaqueTag } ?? false
  }
}

extension [UInt8] {
  fileprivate var opaqueTag: ArraySlice<UInt8> { starts(with: "W/".utf8) ? dropFirst(2) : self[...] }
}

extension Int {
  /// As a status: RFC 9110 §15.1. What is incomplete, 206, is not kept here.
  fileprivate var isHeuristicallyCacheable: Bool {
    switch self {
    case 200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501: true
    default: false
    }
  }
}

extension HTTPField.Name {
  /// Fields that describe the content as it was sent, which a 304 does not change (RFC 9111 §3.2).
  fileprivate var isAboutContent: Bool {
    switch canonicalName {
    case "content-encoding", "content-length", "content-range", "transfer-encoding": true
    default: false
    }
  }

  /// Fields that are for one connection (RFC 9111 §3.1), and Age, which is computed anew.
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
    // It was within those of a client when it came.
    limits.headBytes = max(limits.headBytes, bytes.count)
    limits.fieldCount = .max
    // What was taken then is taken now.
    var parser = ResponseParser(limits: limits, isLenient: true)
    // Kept bytes have no content.
    parser.expect(method)
    var offset = 0
    guard case .head(let head)? = try? parser.next(bytes.span, at: &offset), offset == bytes.count else { return nil }
    self = head
  }

  /// The status line and the fields as a cache keeps them.
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
