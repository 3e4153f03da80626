import SwirlDeferred
public import SwirlReactor

extension Reactor {
  /// Reads from an open descriptor, writes to another, or both, by a protocol: pipes, terminals, devices, sockets.
  ///
  /// ```swift
  /// try reactor.adopt(reading: pipe) { LineReceiver() }
  /// ```
  ///
  /// It has the protocols and the back-pressure of a connection. A transport that only reads ends with the input; one
  /// that only writes ends with `closeWrite()`, `close()`, or when the last reader of its pipe has closed it. The
  /// kernel does not watch regular files: they are read on a thread, and written at once. Other processes that share
  /// the descriptor, such as the shell, do not notice: it does not become non-blocking for them. Twisted: `StandardIO`;
  /// asyncio: `connect_read_pipe`, `connect_write_pipe`.
  ///
  /// - Parameters:
  ///   - input: the descriptor to read from; nil for a transport that only writes.
  ///   - output: the descriptor to write to, perhaps the same; nil for a transport that only reads, in which a write is
  ///     an error that ends it.
  ///   - closesDescriptors: whether the transport closes them, once, when it ends. Otherwise they stay the caller's,
  ///     who closes them after the end. If this throws, they stay the caller's in any case.
  ///   - file: the caller's file, for `openHandles`; left to the compiler.
  ///   - line: the caller's line, for `openHandles`; left to the compiler.
  ///   - makeProtocol: makes the protocol, whose `connectionMade` is called before this returns.
  /// - Throws: ``NetError`` with the code `.read` or `.write` if a descriptor is not open, or not for that, or is a
  ///   directory.
  @discardableResult
  public func adopt<P: StreamProtocol>(
    reading input: Int32? = nil, writing output: Int32? = nil, closesDescriptors: Bool = true,
    file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: () throws -> P
  ) throws -> P {
    let ending: DescriptorEnd.Ending = closesDescriptors ? .close : .keep
    let made = try makeProtocol()
    try openDescriptors(input, output, ending, at: CallSite(file: file, line: line)).start(made)
    return made
  }

  /// Reads from an open descriptor, writes to another, or both, for async code: see above.
  /// - Throws: ``NetError`` with the code `.read` or `.write`.
  public func adopt(
    reading input: Int32? = nil, writing output: Int32? = nil, closesDescriptors: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) throws -> Connection {
    let ending: DescriptorEnd.Ending = closesDescriptors ? .close : .keep
    return Connection(
      starting: try openDescriptors(input, output, ending, at: CallSite(file: file, line: line)))
  }

  /// This program's standard input and output as one transport, by a protocol.
  ///
  /// ```swift
  /// try reactor.standardIO { LineReceiver(delimiter: "\n") }
  /// ```
  ///
  /// Terminals, pipes, sockets and files. At its end, and for the output with `closeWrite()`, a pipe or a socket is
  /// closed, so that the peer sees the end, and /dev/null takes its number; a terminal stays open for `print`. Twisted:
  /// `stdio.StandardIO`.
  /// - Throws: ``NetError`` with the code `.read` or `.write` if one of them is not open.
  @discardableResult
  public func standardIO<P: StreamProtocol>(
    file: StaticString = #fileID, line: UInt = #line, _ makeProtocol: () throws -> P
  ) throws -> P {
    let made = try makeProtocol()
    try openDescriptors(0, 1, .standard, at: CallSite(file: file, line: line)).start(made)
    return made
  }

  /// This program's standard input and output as one connection for async code: see above.
  ///
  /// ```swift
  /// let console = try reactor.standardIO()
  /// for try await line in StreamReader(console.inbound).lines() { … }
  /// ```
  /// - Throws: ``NetError`` with the code `.read` or `.write` if one of them is not open.
  public func standardIO(file: StaticString = #fileID, line: UInt = #line) throws -> Connection {
    Connection(starting: try openDescriptors(0, 1, .standard, at: CallSite(file: file, line: line)))
  }

  func openDescriptors(
    _ input: Int32?, _ output: Int32?, _ ending: DescriptorEnd.Ending, at site: CallSite
  ) throws(NetError) -> SocketTransport {
    require(input != nil || output != nil, "a transport needs a descriptor to read from, or one to write to")
    let reads = try input.map { descriptor throws(NetError) in
      try DescriptorEnd(descriptor, reads: true, writes: descriptor == output)
    }
    var writes = reads
    if input != output {
      writes = try output.map { descriptor throws(NetError) in
        try DescriptorEnd(descriptor, reads: false, writes: true)
      }
    }
    // Both are usable: from here they are the transport's.
    for end in [reads, writes] { end?.take(ending) }
    return openStream(reading: reads, writing: writes, at: site)
  }

  func openStream(
    reading input: DescriptorEnd?, writing output: DescriptorEnd?, at site: CallSite
  ) -> SocketTransport {
    let stream = DescriptorStream(reading: input, writing: output, on: self)
    return SocketTransport(StreamSocket(stream), peer: nil, on: self, at: site)
  }
}
