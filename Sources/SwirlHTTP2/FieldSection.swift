#if HTTP2
package import SwirlHTTPCore

/// The fields of a head or of trailers, validated, in the form of HTTP/1: one type of head serves both versions.
package struct FieldSection: Sendable {
  /// The start line, if it is a head's, then the field lines and an empty line.
  ///
  /// An extended CONNECT (RFC 8441) has the form of the HTTP/1 request that it stands for: a GET with `Connection:
  /// Upgrade`.
  package let lines: HeadLines
  /// The scheme of a request; nil otherwise, and for CONNECT.
  package let scheme: Scheme?
  /// Whether it is an extended CONNECT, whose protocol is in the Upgrade field.
  package let isExtendedConnect: Bool

  package enum Scheme: Sendable { case http, https, other }

  package var bytes: [UInt8] { lines.bytes }

  /// The status of a response; zero otherwise.
  package var status: Int { lines.status }
}
#endif
