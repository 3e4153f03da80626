public import SwirlDeferred
import SwirlNet
import SwirlPlatform
public import SwirlReactor

/// The read end of a pipe that a child process writes.
///
/// Consume it once, by `forEach`, `collect` or ``stream()``. Until then, and while the consumer is slow, nothing is
/// read, and the child blocks once the pipe is full (64 KiB on Linux). EOF comes when every process with the write end
/// has closed it: the child, and its children that inherited it. Use it on the reactor's thread alone; callbacks run
/// there.
public final class ChildOutput: ReactorHandle {
  private enum State {
    /// No consumer yet.
    case untaken
    /// Reads, and passes each piece to the consumer.
    case reading
    /// The consumer applies back-pressure.
    case paused
    case ended
  }
  private let program: String
  /// The argument of `spawnProcess` that makes the pipe.
  private let argument: String
  private let isTerminal: Bool
  private var name: String {
    switch argument {
    case "standardError": "standard error"
    case "standardOutput": "standard output"
    default: "descriptor"
    }
  }
  private var descriptor: Int32
  private var state = State.untaken
  private var event: FileEvent?
  private var onPiece: ([UInt8]) -> Void = { _ in }
  private var onEnd: ((any Error)?) -> Void = { _ in }
  /// Whether the consumer is a task, perhaps on another thread.
  private var isStream = false
  /// The child has ended. Other processes may hold the pipe open, but an empty pipe counts as EOF.
  private var endsWhenEmpty = false
  /// The limit for reading the rest: what a pipe can hold. Another process may write for ever.
  private var remaining = 1024 * 1024
  private var isReadingSoon = false
  /// The child was cancelled or has timed out.
  private var isGivenUp = false
  /// Called at the end, if there is a consumer.
  var whenEnded: () -> Void = {}
  // The reactor retains an output that is being read, and abandons it when the reactor is released.
  private unowned let reactor: Reactor
  /// Where the process was made.
  private let site: CallSite
  package var handleIndex: Int?
  package var handleKind: OpenHandle.Kind { .pipe }
  package var handlePeer: String? { program }

  /// - Parameters:
  ///   - descriptor: the read end of a pipe; -1 without a pipe.
  ///   - argument: the argument of `spawnProcess` that makes the pipe.
  ///   - isTerminal: whether it is the side of a pseudo-terminal that plays the user.
  init(
    _ descriptor: Int32, _ argument: String = "standardOutput", of program: String, isTerminal: Bool = false,
    on reactor: Reactor, at site: CallSite
  ) {
    self.site = site
    self.isTerminal = isTerminal
    self.argument = argument
    self.descriptor = descriptor
    self.program = program
    self.reactor = reactor
    if descriptor >= 0 { Descriptor.setNonBlocking(descriptor) }
  }

  deinit { closeDescriptor() }

  /// Whether a consumer reads it and has not reached the end.
  var isOpen: Bool { state == .reading || state == .paused }

  /// Calls `body` with the terminal, if there is one.
  func withTerminal(_ body: (Int32) -> Void) { if isTerminal, descriptor >= 0 { body(descriptor) } }

  // MARK: - Taking

  /// Calls `body` with each piece, never before this method has returned; succeeds at EOF.
  ///
  /// If `body` throws, the Deferred fails with that error. This, and cancelling the Deferred, closes the pipe: later
  /// writes of the child fail with EPIPE.
  @_disfavoredOverload  // A body whose last statement is a Deferred is for the next form.
  @discardableResult
  public func forEach(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping (_ piece: [UInt8]) throws -> Void
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { piece in
      try body(piece)
      return nil
    }
  }

  /// Like the form whose `body` returns nothing, with back-pressure: it reads the next piece when the Deferred that
  /// `body` returned has fired. If that fails, this fails.
  @discardableResult
  public func forEach<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, @DeferredBody _ body: @escaping (_ piece: [UInt8]) throws -> Inner
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { try body($0).withoutValue }
  }

  // Disfavored: its only purpose is the type context for a body that returns `.succeed()`.
  /// Like the form whose `body` returns nothing, with back-pressure: it reads the next piece when the Deferred that
  /// `body` returned has fired.
  @_disfavoredOverload
  @discardableResult
  public func forEach(
    file: StaticString = #fileID, line: UInt = #line,
    @VoidDeferredBody _ body: @escaping (_ piece: [UInt8]) throws -> Deferred<Void>
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { try body($0) }
  }

  /// The whole output, at EOF.
  ///
  /// - Parameters:
  ///   - limit: the maximum number of bytes. More is a ``ProcessError`` with the code `.tooMuchOutput`, and closes the
  ///     pipe.
  ///   - file: the caller's file, for reports; left to the compiler.
  ///   - line: the caller's line, for reports; left to the compiler.
  public func collect(
    limit: Int = 16 * 1024 * 1024, file: StaticString = #fileID, line: UInt = #line
  ) -> Deferred<[UInt8]> {
    var all: [UInt8] = []
    let program = program
    return forEach(CallSite(file: file, line: line), needsAll: true) { piece in
      if all.count + piece.count > limit {
        throw ProcessError(
          .tooMuchOutput, "read from", program, "it wrote more than \(limit) bytes; allow more, or read it by pieces")
      }
      all += piece
      return nil
    }.addCallback { all }
  }

  /// The pieces, for async code on any thread.
  ///
  /// It buffers at most 64 KiB and one read; after that the child blocks. Leaving the loop, or cancelling its task,
  /// closes the pipe.
  public func stream() -> ReactorStream<[UInt8]> {
    let buffer = StreamBuffer<[UInt8]>(on: reactor.remote, high: 64 * 1024, low: 16 * 1024) { max($0.count, 64) }
    buffer.setSource(.init(pause: { self.pause() }, resume: { self.resume() }, stop: { self.end(nil) }))
    isStream = true
    take {
      buffer.put($0)
    } onEnd: {
      buffer.finish(throwing: $0)
    }
    return ReactorStream(buffer)
  }

  /// Closes the pipe: later writes of the child fail with EPIPE. The consumer sees EOF.
  public func close() { end(nil) }

  /// - Parameter needsAll: whether it fails if the child was given up. `ended` carries the reason.
  private func forEach(
    _ site: CallSite, needsAll: Bool = false, _ body: @escaping ([UInt8]) throws -> Deferred<Void>?
  ) -> Deferred<Void> {
    weak var held: Deferred<Void>?
    let done = Deferred<Void>(
      canceller: { [weak self] _ in
        self?.end(CancelledError())
        held?.cancel()
      }, file: site.file, line: site.line)
    take { [unowned self] piece in
      do {
        guard let pause = try body(piece), isOpen else { return }
        self.pause()
        held = pause
        pause.addBoth { [weak self] outcome in
          if case .failure(let error) = outcome { self?.end(error) } else { self?.resume() }
        }
      } catch { end(error) }
    } onEnd: { [unowned self] error in
      if let error, needsAll || !isGivenUp { done.errback(error) } else { done.callback() }
    }
    return done
  }

  private func take(_ onPiece: @escaping ([UInt8]) -> Void, onEnd: @escaping ((any Error)?) -> Void) {
    require(state == .untaken || state == .ended, "what a child writes is read once: another reads it already")
    if state == .untaken, descriptor < 0 {
      fatalError(
        """
        there is no pipe to read the \(name) of \(program) from: start it with \(argument): .pipe, as in \
        spawnProcess("ls", \(argument): .pipe), or call processOutput, which collects both
        """)
    }
    self.onPiece = onPiece
    self.onEnd = onEnd
    // Closed before it had a consumer.
    if state == .ended { return reactor.callSoon { self.tellEnd(nil) } }
    reactor.insertHandle(self, at: site)
    state = .reading
    watch()
  }

  // MARK: - Reading

  func pause() {
    guard state == .reading else { return }
    state = .paused
    event?.disable()
  }

  func resume() {
    guard state == .paused else { return }
    state = .reading
    watch()
  }

  private func watch() {
    // The kernel may report nothing more on this pipe.
    if endsWhenEmpty { return readSoon() }
    let event = event ?? reactor.fileEvent(descriptor, .read) { [unowned self] in readReady() }
    self.event = event
    if !event.enable() { end(error(errno)) }
  }

  private func readSoon() {
    guard !isReadingSoon else { return }
    isReadingSoon = true
    reactor.callSoon { [self] in
      isReadingSoon = false
      readReady()
    }
  }

  /// The number of reads before other callbacks get their turn.
  private static let readsPerTurn = 4

  private func readReady() {
    let scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    for _ in 0..<Self.readsPerTurn {
      guard state == .reading else { return }
      let count = Descriptor.read(descriptor, scratch.base, scratch.capacity)
      if count > 0 {
        if endsWhenEmpty { remaining -= count }
        // The kernel has just written that many bytes of the buffer.
        onPiece(Array(UnsafeRawBufferPointer(start: scratch.base, count: count)))
        if remaining <= 0 { return end(nil) }
      } else if count == 0 {
        return end(nil)
      } else if errno == EAGAIN {
        return endsWhenEmpty ? end(nil) : ()
      } else if errno == EIO, isTerminal {
        // How a terminal says that no program has it open any more.
        return end(nil)
      } else if errno != EINTR {
        return end(error(errno))
      }
    }
    if endsWhenEmpty, state == .reading { readSoon() }
  }

  private func error(_ errno: Int32) -> ProcessError { ProcessError(.cannotRead, "read from", program, errno: errno) }

  // MARK: - Ending

  /// The child has ended: reads what the pipe holds, and does not wait for other processes that hold it open.
  func endWhenEmpty() {
    guard isOpen, !endsWhenEmpty else { return }
    endsWhenEmpty = true
    event?.disable()
    if state == .reading { watch() }
  }

  /// The child was cancelled or has timed out.
  func giveUp(_ error: any Error) {
    isGivenUp = true
    end(error)
  }

  private func end(_ error: (any Error)?) {
    guard state != .ended else { return }
    let wasOpen = isOpen
    closeDescriptor()
    state = .ended
    if wasOpen { tellEnd(error) }
  }

  private func tellEnd(_ error: (any Error)?) {
    let (onEnd, whenEnded) = (onEnd, whenEnded)
    letGo()
    reactor.handles.remove(self)
    onEnd(error)
    whenEnded()
  }

  private func letGo() {
    onPiece = { _ in }
    onEnd = { _ in }
    whenEnded = {}
  }

  package func abandon() {
    let wasOpen = isOpen
    closeDescriptor()
    state = .ended
    let onEnd = onEnd
    letGo()
    // A task on another thread may be waiting. Deferreds of a released reactor never fire, so this does not fire them
    // either.
    if wasOpen, isStream { onEnd(ReactorReleasedError()) }
  }

  private func closeDescriptor() {
    event?.close()
    event = nil
    guard descriptor >= 0 else { return }
    Descriptor.close(descriptor)
    descriptor = -1
  }
}
