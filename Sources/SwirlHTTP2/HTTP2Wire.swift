#if HTTP2
import HTTPTypes
package import SwirlNet
import SwirlReactor

/// What a wire calls: the connection of a client or a server.
package protocol HTTP2WireOwner: AnyObject {
  /// An event of the session. The bytes, of which content is a part, are valid during the call only.
  func take(_ event: HTTP2Event, _ bytes: Span<UInt8>)
  /// A stream whose writer was to wait has room again.
  func hasRoom(_ stream: Int32)
  /// All events of one read are taken.
  func readEnded()
  /// All output that the transport takes now was passed to it.
  func flushed()
}

/// Moves bytes between a session and its transport.
///
/// Output of many callbacks goes out together: at the end of a read, or of the turn of the reactor.
package final class HTTP2Wire {
  package let session: HTTP2Session
  package let transport: any Transport
  private unowned let owner: any HTTP2WireOwner
  /// The number of bytes that were passed to the transport.
  package private(set) var handedToTransport = 0
  /// Whether a call on the stack will flush.
  private var isBusy = false
  private var isFlushScheduled = false
  /// Whether the transport takes no more for now.
  package private(set) var isWritingPaused = false
  private var hasEnded = false

  /// - Parameter owner: retains the wire.
  package init(_ session: HTTP2Session, over transport: any Transport, for owner: any HTTP2WireOwner) {
    self.session = session
    self.transport = transport
    self.owner = owner
  }

  /// Why the session ended, if the peer broke the protocol.
  package var failure: HTTP2Error? { session.failure }

  /// Reads `bytes`, and sends what the session and its owner say to them.
  package func receive(_ bytes: Span<UInt8>) {
    isBusy = true
    // A failure has queued its GOAWAY, and stays in the session.
    try? bytes.withUnsafeBufferPointer { buffer in
      // Safe: the events are handled before `receive` returns, and do not keep the bytes.
      try session.receive(Span(_unsafeElements: buffer), at: transport.reactor.turnTime) {
        owner.take($0, Span(_unsafeElements: buffer))
      }
    }
    owner.readEnded()
    isBusy = false
    flush()
  }

  /// Sends at the end of this turn.
  package func flushSoon() {
    if isBusy || isFlushScheduled || hasEnded { return }
    isFlushScheduled = true
    transport.reactor.callSoon { [weak self] in self?.flush() }
  }

  /// Sends what the session has, up to the transport's high-water mark. Does nothing if a call on the stack will.
  package func flush() {
    isFlushScheduled = false
    if isBusy || hasEnded { return }
    isBusy = true
    while !isWritingPaused, !hasEnded, sendSome() {}
    isBusy = false
    if !hasEnded { owner.flushed() }
  }

  /// Returns whether there may be more.
  private func sendSome() -> Bool {
    let output = session.takeOutput()
    if let output {
      handedToTransport += output.count
      transport.write(output)
    }
    let hadEvents = session.hasEvents
    session.handleEvents { owner.take($0, Span()) }
    let drained = session.takeDrained()
    for stream in drained { owner.hasRoom(stream) }
    return output != nil || hadEvents || !drained.isEmpty
  }

  package func pauseWriting() { isWritingPaused = true }

  package func resumeWriting() {
    isWritingPaused = false
    flush()
  }

  /// The number of bytes that the kernel has taken.
  package var sentBytes: Int { handedToTransport - transport.unsentBytes }

  /// The connection has ended: sends no more.
  package func end() { hasEnded = true }
}
#endif
