import FoundationEssentials
public import HTTPTypes

// Responses that did not come over a network: for an interceptor that answers by itself, and for tests. They are
// initializers, because a static `text` beside the property makes each chain with `$0.text` dearer to type-check.

extension HTTPClient.Response {
  /// A response with text, as UTF-8.
  public init(text: String, status: HTTPResponse.Status = .ok) {
    self.init(status, headers: [.contentType: "text/plain; charset=utf-8"], body: Array(text.utf8))
  }

  /// A response with a value encoded as JSON.
  /// - Throws: the encoder's error for a value that JSON can't represent.
  public init(json value: some Encodable, status: HTTPResponse.Status = .ok) throws {
    self.init(status, headers: [.contentType: "application/json"], body: Array(try JSONEncoder().encode(value)))
  }
}
