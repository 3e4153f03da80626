public import HTTPTypes
import SwirlHTTPCore

/// A response that says that something went wrong, for those who take that for an error: see `raiseForStatus()`.
public struct HTTPStatusError: Error, Sendable, CustomStringConvertible {
  /// What the server answered.
  public let response: HTTPClient.Response

  /// The status: 400 to 599.
  public var status: HTTPResponse.Status { response.status }

  /// The status, the URL, and the beginning of what the server says about it.
  public var description: String {
    let words = response.text.prefix(200).split(whereSeparator: \.isNewline).joined(separator: " ")
    return "\(response.url.redactedURL) answered \(status)\(words.isEmpty ? "" : ": \(words)")"
  }
}

extension HTTPClient.Response {
  /// Itself, unless the status is one of an error, 400 to 599.
  /// - Throws: ``HTTPStatusError``, which has the response.
  @discardableResult
  public func raiseForStatus() throws -> HTTPClient.Response {
    if (400..<600).contains(status.code) { throw HTTPStatusError(response: self) }
    return self
  }
}
