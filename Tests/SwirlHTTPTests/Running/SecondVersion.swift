import SwirlHTTPClient

extension HTTPClient.Configuration {
  /// HTTP/2 by prior knowledge; without its trait HTTP/1.1 once more.
  static var secondVersion: HTTPClient.Configuration {
    #if HTTP2
    var configuration = HTTPClient.Configuration()
    configuration.http2 = .priorKnowledge
    return configuration
    #else
    return HTTPClient.Configuration()
    #endif
  }
}
