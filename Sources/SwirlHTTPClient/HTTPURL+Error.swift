import SwirlHTTPCore

extension HTTPURL.Malformed {
  /// The kind of error that a request with such a URL ends with.
  var code: HTTPError.Code { isUnsupportedScheme ? .unsupportedScheme : .invalidURL }
}
