public import HTTPTypes

extension HTTPClient {
  /// What is asked of a server.
  public struct Request: Sendable {
    /// The URL, beginning with `http://`.
    public var url: String
    /// What to do with it.
    public var method: HTTPRequest.Method
    /// Fields to send, besides those of the configuration.
    public var headers: HTTPFields
    /// The content to send; nil for none.
    public var body: [UInt8]?
    /// The time for the whole; nil for that of the configuration.
    public var timeout: Duration?

    /// - Parameters:
    ///   - url: beginning with `http://`.
    ///   - method: GET unless told otherwise.
    ///   - headers: fields to send.
    ///   - body: content to send.
    ///   - timeout: the time for the whole; nil for that of the configuration.
    public init(
      _ url: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:], body: [UInt8]? = nil,
      timeout: Duration? = nil
    ) {
      self.url = url
      self.method = method
      self.headers = headers
      self.body = body
      self.timeout = timeout
    }
  }
}
