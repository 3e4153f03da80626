import FoundationEssentials
public import HTTPTypes
import SwirlContent
import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension HTTPClient {
  /// The response of a server with any status: a 404 is a response, not an error.
  public struct Response: Sendable, CustomStringConvertible {
    /// One object, so that passing a response through stages costs one retain each.
    private final class Storage: Sendable {
      let url: String
      let head: ResponseHead
      let body: [UInt8]
      let hasCodings: Bool
      let trailers: HTTPFields?
      let history: [RedirectStep]
      let times: ExchangeTimes
      let birth: ConnectionBirth?
      let cacheOutcome: HTTPCache.Outcome?

      init(
        _ url: String, _ head: ResponseHead, _ body: [UInt8], _ hasCodings: Bool, _ trailers: HTTPFields?,
        _ history: [RedirectStep], _ times: ExchangeTimes, _ birth: ConnectionBirth?, _ cacheOutcome: HTTPCache.Outcome?
      ) {
        self.url = url
        self.head = head
        self.body = body
        self.hasCodings = hasCodings
        self.trailers = trailers
        self.history = history
        self.times = times
        self.birth = birth
        self.cacheOutcome = cacheOutcome
      }
    }
    private let storage: Storage

    /// - Parameters:
    ///   - hasCodings: whether the content is still in the codings that the head names, if it has content.
    ///   - birth: how its connection was made; nil for a reused connection.
    ///   - cacheOutcome: the outcome of the cache.
    init(
      url: String, head: ResponseHead, body: [UInt8], hasCodings: Bool = false, trailers: HTTPFields? = nil,
      history: [RedirectStep], times: ExchangeTimes, birth: ConnectionBirth? = nil,
      cacheOutcome: HTTPCache.Outcome? = nil
    ) {
      storage = Storage(url, head, body, hasCodings, trailers, history, times, birth, cacheOutcome)
    }

    /// The same with its content, which has come to its end.
    func with(body: [UInt8] = [], trailers: HTTPFields?) -> Response {
      var times = storage.times
      times.done = Reactor.currentIfAny?.turnTime ?? times.firstByte
      return Response(
        url: url, head: head, body: body, hasCodings: storage.hasCodings, trailers: trailers, history: history,
        times: times, birth: storage.birth, cacheOutcome: cacheOutcome)
    }

    /// The same before content whose length is not known.
    var withoutLength: Response {
      var fields = headers
      fields[.contentLength] = nil
      fields[.transferEncoding] = "chunked"
      return Response(
        url: url, head: ResponseHead(made: status, fields), body: body, hasCodings: storage.hasCodings,
        trailers: trailers, history: history, times: storage.times, birth: storage.birth, cacheOutcome: cacheOutcome)
    }

    /// A response that did not come over a network: for an interceptor that answers by itself, and for tests.
    ///
    /// - Parameters:
    ///   - status: such as `.ok`.
    ///   - headers: its fields. A Content-Length that is missing is added.
    ///   - body: the content.
    ///   - url: the URL that answered.
    ///   - trailers: the fields after the content.
    public init(
      _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: [UInt8] = [], url: String = "",
      trailers: HTTPFields? = nil
    ) {
      var headers = headers
      if !headers.contains(.contentLength), !headers.contains(.transferEncoding) {
        headers[.contentLength] = "\(body.count)"
      }
      self.init(
        url: url, head: ResponseHead(made: status, headers), body: body, hasCodings: headers.contains(.contentEncoding),
        trailers: trailers, history: [], times: .atOnce)
    }

    /// A copy with another history or cache outcome.
    func with(history: [RedirectStep]? = nil, cacheOutcome: HTTPCache.Outcome? = nil) -> Response {
      Response(
        url: url, head: head, body: body, hasCodings: storage.hasCodings, trailers: trailers,
        history: history ?? self.history, times: storage.times,
        birth: storage.birth, cacheOutcome: cacheOutcome ?? self.cacheOutcome)
    }

    var head: ResponseHead { storage.head }

    /// The final URL: that of the request, or of its last redirect.
    public var url: String { storage.url }

    /// The followed redirects, in order.
    public var history: [RedirectStep] { storage.history }

    /// The outcome of the client's cache; nil without a cache, or if the request bypassed it.
    public var cacheOutcome: HTTPCache.Outcome? { storage.cacheOutcome }

    /// The content.
    public var body: [UInt8] { storage.body }

    /// The content codings that `body` is still in, in the order in which they were applied (RFC 9110 §8.4); empty
    /// without codings, or once they are decoded.
    ///
    /// Some servers name things that are not codings, such as `utf-8` or `aws-chunked`, or use an unrequested coding:
    /// the body then stays encoded.
    public var contentCodings: [String] {
      guard storage.hasCodings, let field = head.list("content-encoding") else { return [] }
      return ContentDecoder.codings(in: field)
    }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status { head.status }

    /// The version of HTTP in which it came.
    public var version: HTTPVersion { head.version }

    /// The fields, in order. Each access parses them again: store them if you read several.
    public var headers: HTTPFields { head.fields }

    /// The first value of the field `name`, case-insensitive; cheaper than `headers`.
    public subscript(name: String) -> String? { head[name] }

    /// The first value of the field `name`.
    public subscript(name: HTTPField.Name) -> String? { head[name.canonicalName] }

    /// Renamed.
    @available(*, unavailable, renamed: "subscript(_:)")
    public func header(_ name: String) -> String? { fatalError() }

    /// The trailer fields (RFC 9110 §6.5), whose values a server knows only after the content; nil without any.
    public var trailers: HTTPFields? { storage.trailers }

    /// The durations of its steps.
    public var timings: Timings { Timings(storage.times, on: storage.birth) }

    /// The content as text, in the character set of its byte order mark or of the Content-Type field, otherwise UTF-8;
    /// invalid bytes become `�`.
    public var text: String {
      let charset = self["content-type"].flatMap { TextDecoding.charset(ofContentType: $0) }
      return TextDecoding.decode(body, charset: charset ?? "utf-8") ?? String(decoding: body, as: UTF8.self)
    }

    /// The content as JSON.
    /// - Throws: `DecodingError`, if it is not the JSON of a `Value`; its description has the URL, the status and the
    ///   first bytes.
    public func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
      do { return try JSONDecoder().decode(type, from: Data(body)) } catch let error as DecodingError {
        let start = String(decoding: body.prefix(60), as: UTF8.self).escapingControls()
        throw error.adding("\(status) \(url.redactedURL), \(body.count) bytes that begin with `\(start)`")
      }
    }

    /// The status, the URL and the size of the content.
    public var description: String { "\(status) \(url.redactedURL) (\(body.count) bytes)" }
  }
}

extension ResponseHead {
  /// A head that a program made.
  init(made status: HTTPResponse.Status, _ fields: HTTPFields) {
    require((100...999).contains(status.code), "a status is a number from 100 to 999, not \(status.code)")
    var bytes = Array("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n".utf8)
    for field in fields {
      bytes += "\(field.name.rawName): ".utf8
      field.withUnsafeBytesOfValue { bytes += $0 }
      bytes += [0x0D, 0x0A]
    }
    bytes += [0x0D, 0x0A]
    guard let head = ResponseHead(stored: bytes, answering: .get) else {
      preconditionFailure("these fields are not those of a response: \(fields)")
    }
    self = head
  }
}

extension ResponseHead {
  /// The same as the head of a response that has no content.
  var withoutContent: ResponseHead { ResponseHead(stored: bytes) ?? self }
}
