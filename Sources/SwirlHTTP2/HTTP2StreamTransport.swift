#if HTTP2
import HTTPTypes
package import SwirlNet
package import SwirlReactor

/// A stream of HTTP/2 as a connection of its own: the tunnel of CONNECT (RFC 9113 §8.5, RFC 8441 §5).
///
/// The shell that has the stream reports its events; bytes that come before `start` wait in the client's window.
package final class HTTP2StreamTransport: Transport {
  private let stream: Int32
  // It has ended (`HTTP2Wire.end`) before its owner is released.
  private let wire: HTTP2Wire
  package let tlsInfo: TLSInfo?
  package var streamProtocol: (any StreamProtocol)? {
    didSet {
      // Later, because a new protocol is called with its connection first.
      if streamProtocol != nil, !isOver { reactor.callSoon { [weak self] in self?.deliver() } }
    }
  }
  package var waterMarks = WaterMarks() {
    didSet { noteWritten() }
  }
  /// What was received and not delivered.
  private var undelivered: [UInt8] = []
  private var isReadingPaused = false
  private var isWritingPaused = false
  private var hasWaited = false
  private var hasInputEnded = false
  private var isEndDelivered = false
  private var isWriteClosed = false
  /// The end of our direction was passed on.
  private var isOutputEnded = false
  private var isOver = false
  private var wasAborted = false
  package private(set) var isClosing = false

  /// - Parameter stream: whose own head is sent, with content to follow.
  package init(_ stream: Int32, on wire: HTTP2Wire) {
    self.stream = stream
    self.wire = wire
    tlsInfo = wire.transport.tlsInfo
  }

  package var reactor: Reactor { wire.transport.reactor }
  package var localAddress: SocketAddress? { wire.transport.localAddress }
  package var peerAddress: SocketAddress? { wire.transport.peerAddress }
  package var bufferedBytes: Int { isOver ? 0 : wire.session.pendingBytes(of: stream) }

  // MARK: - Writing

  package func write(_ bytes: Span<UInt8>) { bytes.withUnsafeBufferPointer { write(Array($0)) } }

  package func write(_ bytes: [UInt8]) {
    if isOver || isClosing || isWriteClosed || bytes.isEmpty { return }
    _ = wire.session.write(bytes, on: stream)
    wire.session.noteSent(of: stream)
    hasWaited = true
    wire.flushSoon()
    noteWritten()
  }

  private func noteWritten() {
    guard !isOver, !isWritingPaused, bufferedBytes > waterMarks.high else { return }
    isWritingPaused = true
    streamProtocol?.pauseWriting()
  }

  /// Content of the stream was sent.
  package func contentSent() {
    if isOver { return }
    wire.session.noteSent(of: stream)
    if isWritingPaused, bufferedBytes <= waterMarks.low {
      isWritingPaused = false
      streamProtocol?.resumeWriting()
    }
    if hasWaited, bufferedBytes == 0 {
      hasWaited = false
      streamProtocol?.writeBufferEmptied()
    }
  }

  package func closeWrite() {
    if isOver || isWriteClosed { return }
    isWriteClosed = true
    wire.session.end(stream)
    wire.flushSoon()
  }

  package func close() {
    if isOver || isClosing { return }
    isClosing = true
    undelivered = []
    closeWrite()
    if isOutputEnded { outputEnded() }
  }

  package func abort() {
    if isOver || wasAborted { return }
    isClosing = true
    wasAborted = true
    undelivered = []
    wire.session.reset(stream, .cancel)
    wire.flushSoon()
  }

  /// The end of our direction is in the output.
  package func outputEnded() {
    isOutputEnded = true
    if isClosing, !hasInputEnded, !isOver {
      // What the peer still sends is not wanted (RFC 9113 §8.1).
      wire.session.reset(stream, .noError)
      wire.flushSoon()
    }
  }

  // MARK: - Reading

  package func pauseReading() { isReadingPaused = true }

  package func resumeReading() {
    isReadingPaused = false
    deliver()
  }

  /// Bytes have come.
  package func receive(_ bytes: Span<UInt8>) {
    if isOver || isClosing { return consume(bytes.count) }
    if isReadingPaused || streamProtocol == nil || !undelivered.isEmpty {
      bytes.withUnsafeBufferPointer { undelivered += $0 }
    } else {
      consume(bytes.count)
      streamProtocol?.dataReceived(bytes)
    }
  }

  private func consume(_ count: Int) {
    wire.session.consume(count, of: stream)
    wire.flushSoon()
  }

  /// The peer has ended its direction.
  package func inputEnded() {
    hasInputEnded = true
    deliver()
  }

  private func deliver() {
    while !isOver, !isReadingPaused, !isClosing, !undelivered.isEmpty, let streamProtocol {
      let bytes = undelivered
      undelivered = []
      consume(bytes.count)
      streamProtocol.dataReceived(bytes.span)
    }
    guard hasInputEnded, !isEndDelivered, !isOver, !isReadingPaused, !isClosing, undelivered.isEmpty,
      let streamProtocol
    else { return }
    isEndDelivered = true
    if !streamProtocol.endReceived() { close() }
  }

  /// The stream was closed, or its connection.
  package func lost(_ end: ConnectionEnd) {
    if isOver { return }
    isOver = true
    let receiver = streamProtocol
    receiver?.connectionLost(wasAborted ? ConnectionEnd(.aborted) : end)
    streamProtocol = nil
  }

  /// The reactor was released: makes no calls.
  package func release() {
    isOver = true
    let unnotified = streamProtocol
    streamProtocol = nil
    (unnotified as? any ReactorReleaseObserver)?.reactorReleased()
  }
}
#endif
