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
  private let spare: SpareOutput
  // Exempt from run-time checks for overlapping access: each is read or set in one step.
  /// The number of bytes that were passed to the transport.
  package var handedToTransport: Int { handedBytes }
  @exclusivity(unchecked) private var handedBytes = 0
  /// Whether a call on the stack will flush.
  @exclusivity(unchecked) private var isBusy = false
  @exclusivity(unchecked) private var isFlushScheduled = false
  /// Whether the transport takes no more for now.
  package var isWritingPaused: Bool { isPaused }
  @exclusivity(unchecked) private var isPaused = false
  @exclusivity(unchecked) private var hasEnded = false

  /// - Parameter owner: retains the wire.
  package init(_ session: HTTP2Session, over transport: any Transport, for owner: any HTTP2WireOwner) {
    self.session = session
    self.transport = transport
    self.owner = owner
    spare = transport.reactor.attached(SpareOutput.self) { SpareOutput() }
  }

  /// Why the session ended, if the peer broke the protocol.
  package var failure: HTTP2Error? { session.failure }

  /// Reads `bytes`, and sends what the session and its owner say to them.
  package func receive(_ bytes: Span<UInt8>) {
    isBusy = true
    var start = 0
    repeat {
      let end = min(bytes.count, start + Self.pieceBytes)
      receive(piece: bytes.extracting(start..<end))
      start = end
    } while start < bytes.count && !hasEnded && session.failure == nil
    owner.readEnded()
    isBusy = false
    flush()
  }

  /// A flood is noticed behind a piece, however large the read is.
  static let pieceBytes = 64 * 1024

  private func receive(piece: Span<UInt8>) {
    let owner = owner
    // A failure has queued its GOAWAY, and stays in the session.
    try? piece.withUnsafeBufferPointer { buffer in
      // Safe: the events are handled before `receive` returns, and do not keep the bytes.
      try session.receive(Span(_unsafeElements: buffer), at: transport.reactor.turnTime) {
        owner.take($0, Span(_unsafeElements: buffer))
      }
    }
  }

  /// Sends at the end of this turn.
  package func flushSoon() {
    if isBusy || isFlushScheduled || hasEnded { return }
    isFlushScheduled = true
    // Retained: it does nothing after its end, and a weak reference would make every other one slower from then on.
    transport.reactor.callSoon { self.flush() }
  }

  /// Sends what the session has, up to the transport's high-water mark. Does nothing if a call on the stack will.
  package func flush() {
    isFlushScheduled = false
    if isBusy || hasEnded { return }
    isBusy = true
    while !isPaused, !hasEnded, sendSome() {}
    isBusy = false
    if !hasEnded { owner.flushed() }
  }

  /// Returns whether there may be more.
  private func sendSome() -> Bool {
    var output: [UInt8] = []
    swap(&output, &spare.bytes)
    let hasOutput = session.writeOutput(to: &output, atMost: HTTP2Session.outputPart)
    let isCut = output.count >= HTTP2Session.outputPart
    if hasOutput {
      handedBytes += output.count
      spare.write(&output, to: transport)
    }
    swap(&output, &spare.bytes)
    let hadEvents = session.hasEvents
    let owner = owner
    session.handleEvents { owner.take($0, Span()) }
    let drained = session.takeDrained()
    for stream in drained { owner.hasRoom(stream) }
    if isCut { return true }
    return (hasOutput || hadEvents || !drained.isEmpty) && (session.hasOutput || session.hasEvents)
  }

  package func pauseWriting() { isPaused = true }

  package func resumeWriting() {
    isPaused = false
    flush()
  }

  /// The number of bytes that the kernel has taken.
  package var sentBytes: Int { handedToTransport - transport.unsentBytes }

  /// The connection has ended: sends no more.
  package func end() { hasEnded = true }
}

/// A buffer that the wires of a reactor share: each has it while it sends, so that idle connections hold no buffer, and
/// one that sends much does not ask the kernel for memory, and give it back, with each of its parts.
private final class SpareOutput {
  @exclusivity(unchecked) var bytes: [UInt8] = []

  /// Sends `output`, and empties it. What the kernel does not take of much is kept as it is; of little a copy is kept,
  /// so that it does not hold a large buffer.
  func write(_ output: inout [UInt8], to transport: any Transport) {
    let isLarge = output.count > output.capacity / 2
    isLarge ? transport.write(output) : transport.write(output.span)
    // The transport has the array now, if it has kept some of it.
    let isKept = isLarge && transport.bufferedBytes > 0
    if isKept { output = [] } else { output.removeAll(keepingCapacity: output.capacity <= Self.limit) }
  }

  /// Larger buffers are freed.
  static let limit = 128 * 1024
}
#endif
