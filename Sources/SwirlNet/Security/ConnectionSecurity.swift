/// One side of a secured connection, between a transport and its socket.
///
/// It reads and writes like the socket itself, with counts and `errno`.
package protocol ConnectionSecurity: AnyObject {
  /// The result of the handshake.
  var info: TLSInfo { get }
  /// Why reading or writing failed, if the cause was not the network.
  var failure: NetError? { get }
  /// Whether a pending read needs the socket to be writable: the protocol itself has to respond first.
  var needsToWriteToRead: Bool { get }
  /// Whether a pending write needs a read first: the peer renegotiates.
  var needsToReadToWrite: Bool { get }
  /// Whether it has buffered data from the socket, which the kernel does not report any more.
  var hasPending: Bool { get }
  /// Whether the peer's first bytes were not of the protocol, and it got no response.
  var isPeerPlain: Bool { get }

  /// Continues the handshake as far as possible without blocking.
  func handshake() -> SecurityProgress
  /// Like `recv`: -1 and `errno`, EAGAIN without data, EPROTO if `failure` has the reason; 0 at the peer's orderly end.
  func read(_ base: UnsafeMutableRawPointer, _ room: Int) -> Int
  /// Like `send`: the caller must retry with the bytes that were not taken.
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> Int
  /// Whether the peer has sent unread input.
  /// - Parameter hasJustRead: whether no input can have arrived since the last read.
  func hasUndeliveredInput(hasJustRead: Bool) -> Bool
  /// Sends the orderly end. Ignores it if the kernel does not take it.
  func sendEnd()
}

/// The state of a handshake.
package enum SecurityProgress {
  case done, needsToRead, needsToWrite
  case failed(NetError)
}
