public import SwirlDeferred
public import SwirlNet
import SwirlPlatform
import SwirlReactor

/// The write end of a pipe that a child process reads.
///
/// It never blocks: bytes that the pipe does not take are buffered here, and `drain()` applies back-pressure. When the
/// child has ended, unread bytes are dropped. Use it on the reactor's thread alone; callbacks run there.
public final class ChildInput {
  private let program: String
  private var descriptor: Int32
  private var outgoing = WriteQueue()
  private var event: FileEvent?
  private var drainers: [Int: Deferred<Void>] = [:]
  private var nextDrainer = 0
  /// Why no write is possible any more; nil while it is.
  private var refusal: ProcessError?
  private var isClosing = false
  private let isTerminal: Bool
  /// Whether the next byte begins a line of the terminal.
  private var isAtLineStart = true
  // The process, which the reactor retains, retains this. No call arrives after the process has ended.
  private unowned let reactor: Reactor

  /// `drain()` waits above the high-water mark, and fires at the low-water mark.
  public var waterMarks = WaterMarks() {
    didSet { if outgoing.count <= waterMarks.low { fireDrainers(nil) } }
  }

  /// - Parameters:
  ///   - descriptor: the write end of a pipe; -1 without a pipe.
  ///   - isTerminal: whether it is the side of a pseudo-terminal that plays the user.
  init(_ descriptor: Int32, of program: String, isTerminal: Bool = false, on reactor: Reactor) {
    self.descriptor = descriptor
    self.isTerminal = isTerminal
    self.program = program
    self.reactor = reactor
    if descriptor >= 0 {
      Descriptor.setNonBlocking(descriptor)
    } else {
      refusal = error("its input is no pipe: start it with standardInput: .pipe")
    }
  }

  deinit { closeDescriptor() }

  /// The number of bytes in the buffer, which the pipe has not taken yet.
  public var bufferedBytes: Int { outgoing.count }

  /// Sends `bytes` after all earlier ones. After ``close()``, or once the child has closed its input, it sends nothing:
  /// `drain()` then fails.
  public func write(_ bytes: [UInt8]) {
    guard refusal == nil, !isClosing, let last = bytes.last else { return }
    isAtLineStart = last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r")
    var sent = 0
    if outgoing.isEmpty {
      guard let count = send(bytes, from: 0) else { return }
      sent = count
    }
    if sent < bytes.count {
      outgoing.append(bytes, sent: sent)
      watch()
    }
  }

  /// Sends `text` as UTF-8.
  public func write(_ text: String) { write(Array(text.utf8)) }

  /// Succeeds when the buffer is small enough for more: at once, unless it is above the high-water mark.
  ///
  /// Fails with a ``ProcessError`` if the child has closed its input or has ended. asyncio: `StreamWriter.drain`.
  public func drain(file: StaticString = #fileID, line: UInt = #line) -> Deferred<Void> {
    if let refusal { return .fail(refusal, file: file, line: line) }
    if outgoing.count <= waterMarks.high { return .succeed(file: file, line: line) }
    nextDrainer += 1
    let number = nextDrainer
    let drainer = Deferred<Void>(canceller: { [weak self] _ in self?.drainers[number] = nil }, file: file, line: line)
    drainers[number] = drainer
    return drainer
  }

  /// Closes the pipe once all bytes are sent; the child then reads EOF.
  ///
  /// A terminal gets the character of EOF, Ctrl-D, twice within a line, as a user would type it. A program that reads a
  /// terminal character by character sees that.
  public func close() {
    guard !isClosing else { return }
    if isTerminal { write(isAtLineStart ? [4] : [4, 4]) }
    isClosing = true
    if outgoing.isEmpty { end(error("it was closed here")) }
  }

  // MARK: - Writing

  /// Sends as much as the pipe takes; nil if the child has closed its input.
  private func send(_ bytes: [UInt8], from start: Int) -> Int? {
    // The pointer stays within the array, and the call only reads.
    let count = bytes.withUnsafeBytes { Descriptor.write(descriptor, $0.baseAddress! + start, bytes.count - start) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    let number = errno
    end(error("it reads no more", errno: number))
    return nil
  }

  private func watch() {
    let event = event ?? reactor.fileEvent(descriptor, .write) { [unowned self] in writeReady() }
    self.event = event
    if !event.enable() { end(error("the pipe cannot be watched", errno: errno)) }
  }

  private func writeReady() {
    while let (piece, sent) = outgoing.next {
      guard let count = send(piece, from: sent) else { return }
      outgoing.removeFirst(count)
      if count < piece.count - sent { break }
    }
    if outgoing.isEmpty {
      event?.disable()
      if isClosing { return end(error("it was closed here")) }
    }
    if outgoing.count <= waterMarks.low { fireDrainers(nil) }
  }

  private func fireDrainers(_ refusal: ProcessError?) {
    let fired = drainers.sorted { $0.key < $1.key }
    drainers = [:]
    // A callback may cancel another drainer.
    for (_, drainer) in fired where !drainer.isFired {
      if let refusal { drainer.errback(refusal) } else { drainer.callback() }
    }
  }

  /// Calls `body` with the terminal, if there is one.
  func withTerminal(_ body: (Int32) -> Void) -> Bool {
    guard isTerminal, descriptor >= 0 else { return false }
    body(descriptor)
    return true
  }

  // MARK: - Ending

  private func error(_ reason: String, errno: Int32 = 0) -> ProcessError {
    ProcessError(.cannotWrite, "write to", program, errno: errno, reason)
  }

  private func end(_ refusal: ProcessError) {
    guard self.refusal == nil else { return }
    self.refusal = refusal
    let isWhole = outgoing.isEmpty && isClosing
    closeDescriptor()
    fireDrainers(isWhole ? nil : refusal)
  }

  /// The child has ended and reads no more.
  func childEnded() { end(error("it has ended")) }

  func closeDescriptor() {
    event?.close()
    event = nil
    outgoing.removeAll()
    guard descriptor >= 0 else { return }
    Descriptor.close(descriptor)
    descriptor = -1
  }
}
