#if HTTP2
package import HTTPTypes

/// An error of the peer that ends a stream or the connection (RFC 9113 §5.4).
package struct HTTP2Error: Error, Sendable, CustomStringConvertible {
  /// The code that the peer receives.
  package let code: HTTP2ErrorCode
  /// The stream that ends; zero for the connection.
  package let stream: Int32
  /// What the peer did, with the frame, the stream and the rule that is broken.
  package let reason: String

  package var description: String { "\(reason): \(code) (RFC 9113 §7)" }
}
#endif
