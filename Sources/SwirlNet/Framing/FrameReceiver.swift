/// A protocol of messages: subclass it, and be told of each.
///
/// Bytes that are no message, or too long a one, end the connection, with ``framingFailed(_:)`` before. After it was closed or aborted no
/// more messages are told, whatever has come. All of it is called on the reactor's thread. Twisted: `IntNStringReceiver`, `NetstringReceiver`.
open class FrameReceiver: StreamProtocol {
  /// How messages are told apart.
  public let framing: any Framing
  /// The connection, from `connectionMade` on.
  public private(set) var transport: (any Transport)?
  private var splitter: FrameSplitter
  private var isPaused = false
  private var isReceiving = false

  /// - Parameter framing: how messages are told apart.
  public init(_ framing: any Framing) {
    self.framing = framing
    splitter = FrameSplitter(framing)
  }

  /// A message has come.
  open func messageReceived(_ message: [UInt8]) {}

  /// What came is no message: the connection is closed when this returns. By default nothing more is done.
  open func framingFailed(_ error: FramingError) {}

  /// The connection is there. An override calls this one, which keeps it for sending.
  open func connectionMade(_ transport: any Transport) { self.transport = transport }

  /// The connection has ended.
  open func connectionLost(_ end: ConnectionEnd) {}

  /// Sends a message.
  /// - Throws: ``FramingError`` for one that the framing cannot send.
  public final func send(_ message: [UInt8]) throws(FramingError) {
    let bytes = try framing.encode(message)
    transport?.write(bytes)
  }

  /// Takes no more messages until `resume()`: what has come waits, and the other end then has to.
  public final func pause() {
    isPaused = true
    transport?.pauseReading()
  }

  /// Takes messages again: first those that wait, before this returns.
  public final func resume() {
    isPaused = false
    receive()
    if !isPaused { transport?.resumeReading() }
  }

  /// Hands on the messages in what came.
  public final func dataReceived(_ bytes: Span<UInt8>) {
    splitter.append(bytes)
    receive()
  }

  private func receive() {
    // One that is called may resume: the loop that calls it goes on.
    if isReceiving { return }
    isReceiving = true
    defer { isReceiving = false }
    do throws(FramingError) {
      while !isPaused, transport?.isClosing != true, let message = try splitter.next() { messageReceived(message) }
    } catch {
      framingFailed(error)
      transport?.close()
    }
  }
}

/// A protocol of lines: subclass it, and be told of each. Twisted: `LineReceiver`.
open class LineReceiver: FrameReceiver {
  /// - Parameters:
  ///   - delimiter: what ends a line.
  ///   - maximumLength: the longest line, in bytes.
  public init(delimiter: String = "\r\n", maximumLength: Int = 16 * 1024) {
    super.init(LineFraming(delimiter: delimiter, maximumLength: maximumLength))
  }

  /// A line has come, without its delimiter.
  open func lineReceived(_ line: String) {}

  /// Hands the line on as text.
  public final override func messageReceived(_ message: [UInt8]) {
    lineReceived(String(decoding: message, as: UTF8.self))
  }

  /// Sends a line.
  /// - Throws: ``FramingError`` for one that has the delimiter inside, or is too long.
  public final func sendLine(_ line: String) throws(FramingError) { try send(Array(line.utf8)) }
}
