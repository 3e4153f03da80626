/// A protocol of messages: subclass it and override ``messageReceived(_:)``.
///
/// Bytes that are not a message, or a message that is too long, end the connection after ``framingFailed(_:)``. After a
/// close or abort it delivers no further messages. All calls are on the reactor's thread. Twisted:
/// `IntNStringReceiver`, `NetstringReceiver`.
open class FrameReceiver: StreamProtocol, InputHolder {
  /// How messages are delimited.
  public let framing: any Framing
  /// The connection, from `connectionMade` on.
  public private(set) var transport: (any Transport)?
  private var splitter: FrameSplitter
  private var isPaused = false
  private var isReceiving = false

  /// - Parameter framing: how messages are delimited.
  public init(_ framing: any Framing) {
    self.framing = framing
    splitter = FrameSplitter(framing)
  }

  /// A message has arrived.
  open func messageReceived(_ message: [UInt8]) {}

  /// The input is not a message: the connection is closed when this returns. Does nothing by default.
  open func framingFailed(_ error: FramingError) {}

  /// The connection is established. An override must call this one, which stores it for sending.
  open func connectionMade(_ transport: any Transport) { self.transport = transport }

  /// The connection has ended.
  open func connectionLost(_ end: ConnectionEnd) {}

  /// Sends a message.
  /// - Throws: ``FramingError`` for a message that the framing cannot send.
  public final func send(_ message: [UInt8]) throws(FramingError) {
    let bytes = try framing.encode(message)
    transport?.write(bytes)
  }

  /// Stops delivery until `resume()`: buffers received bytes, and then applies back-pressure to the peer.
  public final func pause() {
    isPaused = true
    transport?.pauseReading()
  }

  /// Resumes delivery: of the buffered messages before this returns.
  public final func resume() {
    isPaused = false
    receive()
    if !isPaused { transport?.resumeReading() }
  }

  package final var heldBytes: Int { splitter.rest.count }

  /// Delivers the messages in the received bytes.
  public final func dataReceived(_ bytes: Span<UInt8>) {
    splitter.append(bytes)
    receive()
  }

  private func receive() {
    // Re-entrant call by `resume()`: the loop below us on the stack delivers the rest.
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

/// A protocol of lines: subclass it and override ``lineReceived(_:)``. Twisted: `LineReceiver`.
open class LineReceiver: FrameReceiver {
  /// - Parameters:
  ///   - delimiter: the end of a line.
  ///   - maximumLength: the maximum length of a line, in bytes.
  public init(delimiter: String = "\r\n", maximumLength: Int = 16 * 1024) {
    super.init(LineFraming(delimiter: delimiter, maximumLength: maximumLength))
  }

  /// A line has arrived; `line` excludes its delimiter.
  open func lineReceived(_ line: String) {}

  /// Delivers the line as text.
  public final override func messageReceived(_ message: [UInt8]) {
    lineReceived(String(decoding: message, as: UTF8.self))
  }

  /// Sends a line.
  /// - Throws: ``FramingError`` for a line that contains the delimiter, or is too long.
  public final func sendLine(_ line: String) throws(FramingError) { try send(Array(line.utf8)) }
}
