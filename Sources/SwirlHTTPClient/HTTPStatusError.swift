public import HTTPTypes
import SwirlHTTPCore

/// A response with an error status as an error: see `raiseForStatus()`. An answer that refuses an upgrade is one, too.
public struct HTTPStatusError: Error, Sendable, CustomStringConvertible {
  /// The response.
  public let response: HTTPClient.Response

  /// The status: 400 to 599, or for an upgrade any other.
  public var status: HTTPResponse.Status { response.status }

  /// The status, the URL, the Location of a redirect, and the beginning of the content.
  public var description: String {
    let words = response.text.prefix(200).split(whereSeparator: \.isNewline).joined(separator: " ")
    let redirect = Redirection.location(in: response.head)?.redactedURL.escapingControls()
    let location = redirect.map { ", with the Location \($0)" } ?? ""
    return "\(response.url.redactedURL) answered \(status)\(location)\(words.isEmpty ? "" : ": \(words)")"
  }
}

extension HTTPClient.Response {
  /// Returns itself, unless the status is an error, 400 to 599.
  /// - Throws: ``HTTPStatusError``, which has the response.
  @discardableResult
  public func raiseForStatus() throws -> HTTPClient.Response {
    if (400..<600).contains(status.code) { throw HTTPStatusError(response: self) }
    return self
  }
}
