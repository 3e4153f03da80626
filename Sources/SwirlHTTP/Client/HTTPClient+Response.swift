import FoundationEssentials
public import HTTPTypes
import SwirlContent
import SwirlHTTPWire

extension HTTPClient {
  /// What a server answered, whatever its status: a 404 is an answer, not an error.
  public struct Response: Sendable, CustomStringConvertible {
    /// One object, so that a response is handed on for the price of one reference, however many stages it goes through.
    private final class Storage: Sendable {
      let url: String
      let head: ResponseHead
      let body: [UInt8]
      let history: [RedirectStep]
      let cacheOutcome: HTTPCache.Outcome?

      init(
        _ url: String, _ head: ResponseHead, _ body: [UInt8], _ history: [RedirectStep],
        _ cacheOutcome: HTTPCache.Outcome?
      ) {
        self.url = url
        self.head = head
        self.body = body
        self.history = history
        self.cacheOutcome = cacheOutcome
      }
    }
    private let storage: Storage

    init(
      url: String, head: ResponseHead, body: [UInt8], history: [RedirectStep], cacheOutcome: HTTPCache.Outcome? = nil
    ) {
      storage = Storage(url, head, body, history, cacheOutcome)
    }

    var head: ResponseHead { storage.head }

    /// The URL that answered: that of the request, or where redirects led from there.
    public var url: String { storage.url }

    /// The redirects that were followed, the first first.
    public var history: [RedirectStep] { storage.history }

    /// What the cache of the client did for it; nil where there is none, or it had nothing to do with it.
    public var cacheOutcome: HTTPCache.Outcome? { storage.cacheOutcome }

    /// The content.
    public var body: [UInt8] { storage.body }

    /// The status, such as `200 OK`; compares with numbers.
    public var status: HTTPResponse.Status {
      head.status == 200 ? .ok : HTTPResponse.Status(code: head.status, reasonPhrase: head.reasonPhrase)
    }

    /// The fields, in the order they came. They are read anew each time: keep them if you look at many.
    public var headers: HTTPFields { head.fields }

    /// The first value of the field `name`, whatever its case; cheaper than `headers`.
    public func header(_ name: String) -> String? { head[name] }

    /// The content as text, in the character set that its first bytes or the Content-Type field name, else in UTF-8; what is not
    /// of it is shown as `�`.
    public var text: String {
      let charset = header("content-type").flatMap { TextDecoding.charset(ofContentType: $0) }
      return TextDecoding.decode(body, charset: charset ?? "utf-8") ?? String(decoding: body, as: UTF8.self)
    }

    /// The content as JSON.
    /// - Throws: `DecodingError`, when it is not the JSON of a `Value`.
    public func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
      try JSONDecoder().decode(type, from: Data(body))
    }

    /// The status, the URL and how much content there is.
    public var description: String { "\(status) \(url) (\(body.count) bytes)" }
  }
}
