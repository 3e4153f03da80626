/// A datagram that was received, with its addresses.
public struct Datagram: Sendable, Hashable {
  /// Its content, which may be empty.
  public let bytes: [UInt8]
  /// The sender's address. That of a Unix socket without a path is an empty one, to which nothing can be sent.
  public let source: SocketAddress
  /// The address that it was sent to: one of this machine, or of a group. On a socket for all addresses it tells which,
  /// where the system tells it (Linux); otherwise it is the socket's own.
  public let destination: SocketAddress
  /// The address to answer from; nil for the system's choice.
  let local: SocketAddress?

  /// - Parameters:
  ///   - bytes: the content.
  ///   - source: the sender's address.
  ///   - destination: the address that it was sent to.
  public init(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress) {
    self.init(bytes, from: source, to: destination, at: nil)
  }

  init(_ bytes: [UInt8], from source: SocketAddress, to destination: SocketAddress, at local: SocketAddress?) {
    self.bytes = bytes
    self.source = source
    self.destination = destination
    self.local = local
  }

  /// The content as text; what is not UTF-8 becomes U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }
}
