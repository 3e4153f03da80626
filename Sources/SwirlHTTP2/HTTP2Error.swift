package import HTTPTypes

/// The session cannot continue.
package struct HTTP2Error: Error, Sendable, CustomStringConvertible {
  package let description: String
}

extension HTTP2ErrorCode {
  private static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  /// Its name in RFC 9113 §7, for messages.
  package var name: String {
    rawValue < Self.names.count ? Self.names[Int(rawValue)] : "the unknown error code \(rawValue)"
  }
}
