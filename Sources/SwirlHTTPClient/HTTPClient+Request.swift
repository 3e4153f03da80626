public import HTTPTypes
import SwirlDeferred
public import SwirlReactor

#if Tracing
public import Tracing
import SwirlHTTPCore
#endif

extension HTTPClient {
  /// What is asked of a server.
  public struct Request: Sendable, CustomStringConvertible {
    /// The URL, beginning with `http://` or `https://`.
    public var url: String
    /// What to do with it.
    public var method: HTTPRequest.Method
    /// Fields to send, besides those of the configuration.
    ///
    /// A `Host` field of its own goes out instead of the URL's host, with the first request only: after a redirect it is not sent. It
    /// has no say in where the request goes, which certificate the server needs, which connections are shared, and which cookies go along.
    public var headers: HTTPFields
    /// The content to send; nil for none.
    public var body: Body?
    /// The time for the whole; nil for that of the configuration.
    public var timeout: Duration?
    /// What few requests have, in one object, so that the others are handed on cheaply.
    private var rarities: Rarities?

    /// What interceptors beneath have to know of the call.
    struct Call: Sendable {
      /// Whether the content is collected, so that the time and the size of the whole are limited.
      var isCollected = false
      /// The fields that the caller gave. Those that interceptors added are for the first origin.
      var names: Set<HTTPField.Name> = []
    }

    /// What few requests have.
    private final class Rarities: Sendable {
      struct Values: Sendable {
        var authentication: Authentication?
        var redirects: Redirects?
        var expectsContinue = false
        var decodesContent: Bool?
        var connectTimeout: Duration?
        var readTimeout: Duration?
        var deadline: Reactor.Instant?
        var onInformational: (@Sendable (Response) -> Void)?
        var call: Call?
        #if Tracing
        var tracingContext: ServiceContext?
        #endif
      }
      let values: Values
      init(_ values: Values) { self.values = values }
    }

    /// - Parameters:
    ///   - url: beginning with `http://` or `https://`.
    ///   - method: GET unless told otherwise.
    ///   - query: names and values that are added to the URL, percent-encoded.
    ///   - headers: fields to send.
    ///   - body: content to send.
    ///   - timeout: the time for the whole; nil for that of the configuration.
    public init(
      _ url: String, method: HTTPRequest.Method = .get, query: KeyValuePairs<String, String> = [:],
      headers: HTTPFields = [:], body: Body? = nil, timeout: Duration? = nil
    ) {
      self.url = query.isEmpty ? url : url.adding(query)
      self.method = method
      self.headers = headers
      self.body = body
      self.timeout = timeout
    }

    /// Whether it has none of what few requests have: the question costs nothing, where a copy of a request costs a count for each of
    /// its fields.
    @inline(__always) var isOrdinary: Bool { rarities == nil }

    private var values: Rarities.Values {
      get { rarities?.values ?? Rarities.Values() }
      set { rarities = Rarities(newValue) }
    }

    /// Who asks; not sent to other origins that a redirect leads to.
    public var authentication: Authentication? {
      get { rarities?.values.authentication }
      set { if newValue != authentication { values.authentication = newValue } }
    }

    /// What is done about redirects; nil for what the configuration says.
    public var redirects: Redirects? {
      get { rarities?.values.redirects }
      set { values.redirects = newValue }
    }

    /// Whether to wait with the content until the server says that it wants it, or for a second (RFC 9110 §10.1.1).
    public var expectsContinue: Bool {
      get { rarities?.values.expectsContinue ?? false }
      set { if newValue != expectsContinue { values.expectsContinue = newValue } }
    }

    /// Whether content that comes in a coding is decoded; nil for what the configuration says.
    public var decodesContent: Bool? {
      get { rarities?.values.decodesContent }
      set { values.decodesContent = newValue }
    }

    /// The time until there is a connection for it, whether one has to be made or to become free; nil for what the configuration says.
    public var connectTimeout: Duration? {
      get { rarities?.values.connectTimeout }
      set { values.connectTimeout = newValue }
    }

    /// The time in which something must come, from when the request is sent, and then again and again; nil for no bound but
    /// the others.
    public var readTimeout: Duration? {
      get { rarities?.values.readTimeout }
      set { values.readTimeout = newValue }
    }

    #if Tracing
    /// What its span is beneath; nil for that of the task which asks, if there is one.
    public var tracingContext: ServiceContext? {
      get { rarities?.values.tracingContext }
      set { values.tracingContext = newValue }
    }

    /// As it goes to another place, where the task that asks is not known.
    var withTracingContext: Self {
      guard tracingContext == nil, let current = ServiceContext.current else { return self }
      var request = self
      request.tracingContext = current
      return request
    }
    #else
    var withTracingContext: Self { self }
    #endif

    /// Called on the reactor's thread with each informational response but 100, such as 103 Early Hints (RFC 8297), before the answer.
    public var onInformational: (@Sendable (Response) -> Void)? {
      get { rarities?.values.onInformational }
      set { values.onInformational = newValue }
    }

    /// What interceptors beneath have to know of the call; nil where there are none.
    var call: Call? {
      get { rarities?.values.call }
      set { values.call = newValue }
    }

    /// Whether the content is collected for the call, though interceptors stream it.
    var isCollected: Bool { call?.isCollected ?? false }

    /// When the whole must have ended; the earlier of this and `timeout` counts.
    public var deadline: Reactor.Instant? {
      get { rarities?.values.deadline }
      set { values.deadline = newValue }
    }
  }
}

extension HTTPClient.Request {
  /// The URL as it may be shown, as errors and logs have it: in canonical form, without its fragment, and with `REDACTED` in place of a user and
  /// a password, and of values in the query that look like keys or tokens.
  public var redactedURL: String { url.redactedURL }

  /// The method and the URL as it may be shown, such as `GET http://127.0.0.1/`.
  public var description: String { "\(method.rawValue) \(redactedURL)" }

  /// Asks for a part of something (RFC 9110 §14.2), by the positions of its bytes: the answer is a 206, or the whole.
  public mutating func setRange(_ range: Range<Int>) {
    require(range.lowerBound >= 0 && !range.isEmpty, "a range of bytes begins at 0 or later and has one at least")
    headers[.range] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
  }

  /// Asks for all from a position on.
  public mutating func setRange(_ range: PartialRangeFrom<Int>) {
    require(range.lowerBound >= 0, "a range of bytes begins at 0 or later")
    headers[.range] = "bytes=\(range.lowerBound)-"
  }

  /// Asks for something only if it is not what `response` was any more: else the answer is a 304, without content (RFC 9110 §13.1).
  /// By its ETag and its Last-Modified, those that it has.
  public mutating func setChanged(since response: HTTPClient.Response) {
    setValidators(of: response.head)
  }

  /// - Returns: whether there was one.
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
  /// With these in its query, before the fragment.
  fileprivate func adding(_ query: KeyValuePairs<String, String>) -> String {
    let end = firstIndex(of: "#") ?? endIndex
    let head = self[..<end]
    let pairs = query.map { "\($0.key.queryEncoded)=\($0.value.queryEncoded)" }.joined(separator: "&")
    let glue = head.contains("?") ? (head.last == "?" || head.last == "&" ? "" : "&") : "?"
    return head + glue + pairs + self[end...]
  }
}
