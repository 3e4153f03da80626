public import SwirlDeferred
import SwirlHTTPCore
import SwirlNet
import SwirlReactor

extension WebSocket {
  /// Sends text. The Deferred fires at once while the peer reads, otherwise when it has taken most of the buffer; it
  /// fails with a ``SendError``.
  @discardableResult
  public func send(_ text: String) -> Deferred<Void> {
    var text = text
    return text.withUTF8 { send(unsafe Span(_unsafeElements: $0), isText: true) }
  }

  /// Sends bytes, as a binary message. See `send`.
  @discardableResult
  public func send(_ bytes: [UInt8]) -> Deferred<Void> { send(bytes.span, isText: false) }

  /// Sends bytes of any collection, such as Foundation's `Data` or a slice, as a binary message. See `send`.
  @discardableResult
  public func send(_ bytes: some Sequence<UInt8>) -> Deferred<Void> { send(Array(bytes)) }

  /// Sends a message. See `send`.
  @discardableResult
  public func send(_ message: Message) -> Deferred<Void> {
    switch message {
    case .text(let text): send(text)
    case .binary(let bytes): send(bytes)
    }
  }

  private func send(_ content: Span<UInt8>, isText: Bool) -> Deferred<Void> {
    guard state == .open else { return .fail(SendError.isClosed(end)) }
    guard hasRoom(for: content.count) else {
      switch configuration.overflow {
      case .wait: return .fail(SendError.bufferIsFull)
      case .drop:
        droppedMessages += 1
        return .succeed()
      case .close: return .fail(SendError.isClosed(end))
      }
    }
    if !appendShort(content, isText: isText) {
      borrowOutput()
      writer.message(content, isText: isText, compressed: content.count >= Self.compressedFrom, to: &output)
    }
    if !isReading || output.count > Self.together { flush() }
    return isWritingPaused ? room() : shared.sent()
  }

  /// Appends a short frame in the memory for them, unless another socket, or a write below us on the stack, has it, or
  /// frames are in `output`.
  @inline(__always)
  private func appendShort(_ content: Span<UInt8>, isText: Bool) -> Bool {
    let frames = shared.shortFrames
    guard hasShortFrames || frames.count == 0 && output.isEmpty, writer.isPlain else { return false }
    guard frames.append(content, isText: isText) else { return false }
    hasShortFrames = true
    return true
  }

  /// Moves the short frames before those that are to be appended to `output`.
  private func moveShortFrames() {
    hasShortFrames = false
    shared.shortFrames.take { output.append(copying: $0) }
  }

  /// Shorter messages grow, or save nothing.
  private static let compressedFrom = 64

  /// Whether a message of so many bytes is not too much. It never is below the high-water mark, where a send before it
  /// has fired at once: a single message may be larger than the buffer. Closes the connection where that is the policy.
  func hasRoom(for count: Int) -> Bool {
    if bufferedBytes + count <= configuration.sendBufferSize { return true }
    // Frames of the present read are no sign of a slow peer.
    flush()
    if !isWritingPaused { return true }
    if configuration.overflow == .close { cutOff(.policyViolation, "the peer reads too slowly") }
    return false
  }

  /// How many bytes of frames are collected in one read.
  private static let together = 64 * 1024

  /// Fires when the peer has taken enough.
  private func room() -> Deferred<Void> {
    let deferred = Deferred<Void>(canceller: { [weak self] deferred in
      self?.waitingSends.removeAll { $0 === deferred }
    })
    waitingSends.append(deferred)
    return deferred
  }

  func flush() {
    if hasShortFrames {
      hasShortFrames = false
      // `output` has nothing. What the transport calls may append to it.
      shared.shortFrames.take {
        writtenBytes += $0.count
        transport.write($0)
      }
    }
    if !output.isEmpty {
      // Out of reach of whatever the transport calls.
      var frames: [UInt8] = []
      swap(&frames, &output)
      writtenBytes += frames.count
      if frames.count >= Self.large {
        transport.write(frames)
      } else {
        transport.write(frames.span)
        frames.removeAll(keepingCapacity: true)
        if output.capacity == 0 { swap(&frames, &output) }
      }
    }
    if !isReading, output.capacity > 0 { returnOutput() }
  }

  /// From here the transport takes the array, as it would copy what the peer does not take at once.
  private static let large = 128 * 1024

  /// Takes the memory that the sockets share, unless another has it: call it before a frame is appended to `output`.
  func borrowOutput() {
    if output.capacity == 0 { swap(&output, &shared.memory.bytes) }
    if hasShortFrames { moveShortFrames() }
  }

  /// Returns it, or the larger one, when `output` is sent.
  private func returnOutput() {
    if !output.isEmpty { return }
    if output.capacity > shared.memory.bytes.capacity { swap(&output, &shared.memory.bytes) }
    output = []
  }

  func writingPaused() { isWritingPaused = true }

  func writingResumed() {
    isWritingPaused = false
    let waiting = waitingSends
    waitingSends = []
    for deferred in waiting { deferred.callback() }
  }
}
