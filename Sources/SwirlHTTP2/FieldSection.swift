#if HTTP2
/// The fields of a head or of trailers, in the form of HTTP/1: validated lines, so that one parser reads the heads of
/// both versions.
package struct FieldSection: Sendable {
  /// The start line, if it is a head's, then the field lines and an empty line.
  ///
  /// An extended CONNECT (RFC 8441) has the form of the HTTP/1 request that it stands for: a GET with `Connection:
  /// Upgrade`.
  package let bytes: [UInt8]
  /// The status of a response; zero otherwise.
  package let status: Int
  /// The scheme of a request; nil otherwise, and for CONNECT.
  package let scheme: Scheme?
  /// The protocol of an extended CONNECT, as `websocket`; nil otherwise.
  package let connectProtocol: String?

  package enum Scheme: Sendable { case http, https, other }
}
#endif
