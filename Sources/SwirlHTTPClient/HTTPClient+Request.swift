public import HTTPTypes
public import SwirlDeferred
import SwirlHTTPCore
import SwirlReactor
import Synchronization

#if Tracing
public import Tracing
#endif

extension HTTPClient {
  /// A request to a server.
  public struct Request: Sendable, CustomStringConvertible {
    /// The URL, beginning with `http://` or `https://`.
    public var url: String
    /// The request method.
    public var method: HTTPRequest.Method
    /// Fields to send, besides those of the configuration.
    ///
    /// A `Host` field here replaces the URL's host in the first request; it is not sent after a redirect. It does not
    /// affect the address, the expected certificate, the choice of connection and the cookies.
    public var headers: HTTPFields
    /// The content to send; nil without content.
    public var body: Body?
    /// The time limit of the whole request; nil is that of the configuration.
    public var timeout: Duration?
    /// The rarely used properties, in one object, so that other requests are cheap to pass on.
    private var rarities: Rarities?

    /// What interceptors beneath have to know of the call.
    struct Call: Sendable {
      /// Whether the content is collected, so that the time and the size of the whole are limited.
      var isCollected = false
      /// The fields that the caller gave. Those that interceptors added are for the first origin.
      var names: Set<HTTPField.Name> = []
      /// Set when the call is cancelled.
      let cancellation = Cancellation()
    }

    /// Whether a call was cancelled. An interceptor may cancel its own call before it has returned the Deferred by
    /// which the cancellation would reach the next hop.
    final class Cancellation: Sendable {
      private let flag = Atomic(false)
      var isCancelled: Bool { flag.load(ordering: .relaxed) }
      func cancel() { flag.store(true, ordering: .relaxed) }
    }

    /// The rarely used properties.
    private final class Rarities: Sendable {
      struct Values: Sendable {
        var authentication: Authentication?
        var redirects: Redirects?
        var expectsContinue = false
        var decodesContent: Bool?
        var connectTimeout: Duration?
        var readTimeout: Duration?
        var deadline: Instant?
        var onInformational: (@Sendable (Response) -> Void)?
        var call: Call?
        var http2: HTTP2Use?
        var upgrade: String?
        var relayedTarget: String?
        #if Tracing
        var tracingContext: ServiceContext?
        #endif
      }
      let values: Values
      init(_ values: Values) { self.values = values }
    }

    /// - Parameters:
    ///   - url: beginning with `http://` or `https://`.
    ///   - method: by default GET.
    ///   - query: names and values that are added to the URL, percent-encoded.
    ///   - headers: fields to send.
    ///   - body: content to send.
    ///   - timeout: the time limit of the whole request; nil is that of the configuration.
    public init(
      _ url: String, method: HTTPRequest.Method = .get, query: KeyValuePairs<String, String> = [:],
      headers: HTTPFields = HTTPFields(), body: Body? = nil, timeout: Duration? = nil
    ) {
      self.url = query.isEmpty ? url : url.adding(query)
      self.method = method
      self.headers = headers
      self.body = body
      self.timeout = timeout
    }

    // Disfavored: `[:]` is for the form above.
    /// A request whose fields have their names as text: `headers: ["X-Token": token]`. A text that is no name of a
    /// field traps.
    @_disfavoredOverload
    public init(
      _ url: String, method: HTTPRequest.Method = .get, query: KeyValuePairs<String, String> = [:],
      headers: KeyValuePairs<String, String>, body: Body? = nil, timeout: Duration? = nil
    ) {
      self.init(
        url, method: method, query: query, headers: HTTPFields(headers), body: body, timeout: timeout)
    }

    /// Whether it has no rarely used property: this check is free, while a copy of a request costs a retain for each of
    /// its fields.
    @inline(__always) var isOrdinary: Bool { rarities == nil }

    private var values: Rarities.Values {
      get { rarities?.values ?? Rarities.Values() }
      set { rarities = Rarities(newValue) }
    }

    /// The credentials; not sent to other origins after a redirect.
    public var authentication: Authentication? {
      get { rarities?.values.authentication }
      set { if newValue != authentication { values.authentication = newValue } }
    }

    /// How to treat redirects; nil is the configuration's setting.
    public var redirects: Redirects? {
      get { rarities?.values.redirects }
      set { values.redirects = newValue }
    }

    /// Whether to wait with the content for a 100 (Continue), or for a second (RFC 9110 §10.1.1).
    public var expectsContinue: Bool {
      get { rarities?.values.expectsContinue ?? false }
      set { if newValue != expectsContinue { values.expectsContinue = newValue } }
    }

    /// Whether to decode content codings; nil is the configuration's setting.
    public var decodesContent: Bool? {
      get { rarities?.values.decodesContent }
      set { values.decodesContent = newValue }
    }

    /// The time limit until it has a connection, new or kept; nil is the configuration's setting.
    public var connectTimeout: Duration? {
      get { rarities?.values.connectTimeout }
      set { values.connectTimeout = newValue }
    }

    /// The maximum time without received bytes, from sending the request; nil leaves only the other limits.
    public var readTimeout: Duration? {
      get { rarities?.values.readTimeout }
      set { values.readTimeout = newValue }
    }

    #if Tracing
    /// The parent of its span; nil is that of the current task, if any.
    public var tracingContext: ServiceContext? {
      get { rarities?.values.tracingContext }
      set { values.tracingContext = newValue }
    }

    /// A copy for another thread, where the current task's context is unknown.
    var withTracingContext: Self {
      guard tracingContext == nil, let current = ServiceContext.current else { return self }
      var request = self
      request.tracingContext = current
      return request
    }
    #else
    var withTracingContext: Self { self }
    #endif

    /// Called on the reactor's thread with each informational response but 100, such as 103 Early Hints (RFC 8297),
    /// before the answer.
    public var onInformational: (@Sendable (Response) -> Void)? {
      get { rarities?.values.onInformational }
      set { values.onInformational = newValue }
    }

    #if HTTP2
    /// Whether it uses HTTP/2; nil is the configuration's setting. With `.priorKnowledge` it needs no TLS. It shares a
    /// connection with requests of the same setting only.
    public var http2: HTTP2Use? {
      get { rarities?.values.http2 }
      set { if newValue != http2 { values.http2 = newValue } }
    }
    #endif

    var http2Use: HTTP2Use? { rarities?.values.http2 }

    /// The protocol that the connection is to be used for after the answer; nil for plain HTTP.
    var upgrade: String? {
      get { rarities?.values.upgrade }
      set { values.upgrade = newValue }
    }

    /// The target to send byte by byte, in place of that of the URL, which then names the origin alone.
    var relayedTarget: String? {
      get { rarities?.values.relayedTarget }
      set { values.relayedTarget = newValue }
    }

    /// The server of another origin may not speak what this one is known to.
    mutating func forgetPriorKnowledge() {
      if http2Use?.isPriorKnowledge == true { values.http2 = nil }
    }

    /// The state of the call for the interceptors beneath; nil without interceptors.
    var call: Call? {
      get { rarities?.values.call }
      set { values.call = newValue }
    }

    /// Whether the content is collected for the call, though interceptors stream it.
    var isCollected: Bool { call?.isCollected ?? false }

    /// The deadline of the whole request; the earlier of this and `timeout` counts.
    public var deadline: Instant? {
      get { rarities?.values.deadline }
      set { values.deadline = newValue }
    }
  }
}

extension HTTPClient.Request {
  /// The URL for errors and logs: in canonical form, without its fragment, and with `REDACTED` in place of a user and a
  /// password, and of values in the query that look like keys or tokens.
  public var redactedURL: String { url.redactedURL }

  /// The method and the redacted URL, such as `GET http://127.0.0.1/`.
  public var description: String { "\(method.rawValue) \(redactedURL)" }

  /// Requests a range of bytes (RFC 9110 §14.2): the response is a 206, or the whole.
  public mutating func setRange(_ range: Range<Int>) {
    require(range.lowerBound >= 0 && !range.isEmpty, "a range of bytes begins at 0 or later and has one at least")
    headers[.range] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
  }

  /// Requests all bytes from a position.
  public mutating func setRange(_ range: PartialRangeFrom<Int>) {
    require(range.lowerBound >= 0, "a range of bytes begins at 0 or later")
    headers[.range] = "bytes=\(range.lowerBound)-"
  }

  /// Makes the request conditional: if the content has not changed since `response`, the new response is a 304 without
  /// content (RFC 9110 §13.1). Uses the ETag and Last-Modified of `response`.
  public mutating func setChanged(since response: HTTPClient.Response) {
    setValidators(of: response.head)
  }

  /// - Returns: whether `head` has a validator.
  @discardableResult
  mutating func setValidators(of head: ResponseHead) -> Bool {
    let tag = head.field("etag", as: .ifNoneMatch)
    let date = head.field("last-modified", as: .ifModifiedSince)
    if let tag { headers[fields: .ifNoneMatch] = [tag] }
    if let date { headers[fields: .ifModifiedSince] = [date] }
    return tag != nil || date != nil
  }
}

extension String {
  /// Adds these to the query, before the fragment.
  fileprivate func adding(_ query: KeyValuePairs<String, String>) -> String {
    let end = firstIndex(of: "#") ?? endIndex
    let head = self[..<end]
    let pairs = query.map { "\($0.key.queryEncoded)=\($0.value.queryEncoded)" }.joined(separator: "&")
    let glue = head.contains("?") ? (head.last == "?" || head.last == "&" ? "" : "&") : "?"
    return head + glue + pairs + self[end...]
  }
}
