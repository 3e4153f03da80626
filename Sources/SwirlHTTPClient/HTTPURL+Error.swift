import SwirlHTTPCore

extension HTTPURL.Malformed {
  /// The error code of a request with such a URL.
  var code: HTTPError.Code { isUnsupportedScheme ? .unsupportedScheme : .invalidURL }
}
