import SwirlDeferred
import SwirlPlatform
public import SwirlReactor

extension Reactor {
  /// Takes over a connected stream socket that was made elsewhere, by a protocol: inherited, passed by another process,
  /// or made by a library.
  ///
  /// It becomes non-blocking, for every process that has it, is closed on exec, and is closed when the connection ends.
  /// Twisted: `adoptStreamConnection`; asyncio: `create_connection(sock=)`, `connect_accepted_socket`.
  ///
  /// - Parameters:
  ///   - socket: the socket, TCP or Unix.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol, whose `connectionMade` is called before this returns.
  /// - Throws: ``NetError`` with the code `.connect` if it is no socket, one for datagrams, or not connected; then it
  ///   stays the caller's.
  @discardableResult
  public func adopt<P: StreamProtocol>(
    socket: Int32, file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: () throws -> P
  ) throws -> P {
    try Self.check(connected: socket)
    let made = try makeProtocol()
    try adoptConnected(socket, at: CallSite(file: file, line: line)).start(made)
    return made
  }

  /// Takes over a connected stream socket for async code: see above.
  /// - Throws: ``NetError`` with the code `.connect`; then the socket stays the caller's.
  public func adopt(socket: Int32, file: StaticString = #fileID, line: UInt = #line) throws -> Connection {
    Connection(starting: try adoptConnected(socket, at: CallSite(file: file, line: line)))
  }

  /// Takes over a listening stream socket, and gives each accepted connection its own protocol: like
  /// ``listen(inherited:file:line:_:)`` with a ``ListeningSocket`` of the descriptor. Twisted: `adoptStreamPort`.
  /// - Throws: ``NetError`` with the code `.listen` if it is anything else; then it stays the caller's.
  @discardableResult
  public func adopt(
    listening socket: Int32, file: StaticString = #fileID, line: UInt = #line,
    _ makeProtocol: @escaping (_ peer: SocketAddress?) -> (any StreamProtocol)?
  ) throws -> Listener {
    try listen(inherited: ListeningSocket(descriptor: socket), file: file, line: line, makeProtocol)
  }

  /// Takes over a listening stream socket, and gives the accepted connections to async code.
  /// - Throws: ``NetError`` with the code `.listen` if it is anything else; then it stays the caller's.
  public func adopt(
    listening socket: Int32, file: StaticString = #fileID, line: UInt = #line
  ) throws -> ConnectionListener {
    try ConnectionListener(on: self) { try adopt(listening: socket, file: file, line: line, $0) }
  }

  /// Takes over a datagram socket, UDP or Unix, perhaps connected. It becomes non-blocking, for every process that has
  /// it, is closed on exec, and is closed with the object; the file of a Unix socket stays. Twisted:
  /// `adoptDatagramPort`; asyncio: `create_datagram_endpoint(sock=)`.
  ///
  /// - Parameters:
  ///   - socket: the socket.
  ///   - options: of them the limits count; options of the socket stay as they are.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - handler: called on the reactor's thread with each datagram; nil for ``DatagramSocket/receive()``.
  /// - Throws: ``NetError`` with the code `.listen` if it is anything else; then it stays the caller's.
  @discardableResult
  public func adopt(
    datagrams socket: Int32, options: DatagramOptions = DatagramOptions(), file: StaticString = #fileID,
    line: UInt = #line, _ handler: ((_ datagram: Datagram, _ socket: DatagramSocket) -> Void)? = nil
  ) throws -> DatagramSocket {
    let name = "descriptor \(socket)"
    let type = try Self.socketType(socket, .listen)
    guard type != Socket.streamType else {
      throw NetError(.listen, name, errno: EPROTOTYPE, reason: "it is a stream socket, not one for datagrams")
    }
    guard let address = Socket.localAddress(socket), type == Socket.datagramType else {
      throw NetError(.listen, name, errno: EAFNOSUPPORT, reason: "it is neither a UDP socket nor a Unix one")
    }
    Self.prepare(socket)
    let peer = Socket.peerAddress(socket)
    let channel = KernelDatagrams(socket, address.family, peer: peer, ownsFile: false, options, on: self)
    let made = try DatagramSocket(channel, peer: peer, options, on: self, at: CallSite(file: file, line: line))
    if let handler { made.start(handler) }
    return made
  }

  private func adoptConnected(_ socket: Int32, at site: CallSite) throws(NetError) -> SocketTransport {
    try Self.check(connected: socket)
    Self.prepare(socket)
    Socket.setNoDelay(socket)
    return SocketTransport(StreamSocket(socket), peer: Socket.peerAddress(socket), on: self, at: site)
  }

  private static func prepare(_ socket: Int32) {
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
  }

  private static func check(connected socket: Int32) throws(NetError) {
    let name = "descriptor \(socket)"
    guard try socketType(socket, .connect) == Socket.streamType else {
      throw NetError(.connect, name, errno: EPROTOTYPE, reason: "it is no stream socket: see adopt(datagrams:)")
    }
    guard Socket.option(socket, SOL_SOCKET, SO_ACCEPTCONN) != 1 else {
      throw NetError(.connect, name, errno: EINVAL, reason: "it listens: see adopt(listening:)")
    }
    guard Socket.isConnected(socket) else { throw NetError(.connect, name, errno: ENOTCONN) }
  }

  private static func socketType(_ socket: Int32, _ code: NetError.Code) throws(NetError) -> Int32 {
    if let type = Socket.option(socket, SOL_SOCKET, SO_TYPE) { return type }
    let kind = "it is no socket, but a file, a pipe or a terminal: see adopt(reading:writing:)"
    let reason = errno == EBADF ? "it is not open" : kind
    throw NetError(code, "descriptor \(socket)", errno: errno, reason: reason)
  }
}
