// What other libraries call the things of this module. The compiler answers with the name here.

public import SwirlReactor

/// SwiftNIO.
@available(*, unavailable, renamed: "StreamProtocol") public typealias ChannelHandler = StreamProtocol

extension Transport {
  /// Twisted.
  @available(*, unavailable, renamed: "close()")
  public func loseConnection() { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "abort()")
  public func abortConnection() { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "closeWrite()")
  public func loseWriteConnection() { fatalError() }
  /// asyncio: `write_eof`.
  @available(*, unavailable, renamed: "closeWrite()")
  public func writeEOF() { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "peerAddress")
  public func getPeer() -> SocketAddress? { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "localAddress")
  public func getHost() -> SocketAddress? { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "pauseReading()")
  public func pauseProducing() { fatalError() }
  /// Twisted.
  @available(*, unavailable, renamed: "resumeReading()")
  public func resumeProducing() { fatalError() }
}

extension Reactor {
  /// asyncio.
  @available(*, unavailable, message: "reactor.adopt(reading: descriptor) { MyProtocol() }")
  public func connectReadPipe<P: StreamProtocol>(_ makeProtocol: () -> P, _ pipe: Int32) -> P { fatalError() }
  /// asyncio.
  @available(*, unavailable, message: "reactor.adopt(writing: descriptor) { MyProtocol() }")
  public func connectWritePipe<P: StreamProtocol>(_ makeProtocol: () -> P, _ pipe: Int32) -> P { fatalError() }
}

extension Transport {
  /// Twisted.
  @available(*, unavailable, message: "try transport.write(bytes, passing: [descriptor])")
  public func sendFileDescriptor(_ descriptor: Int32) { fatalError() }
}
