public import SwirlDeferred
import SwirlNet
import SwirlPlatform
public import SwirlReactor

/// What a child process writes, to be read: the near end of a pipe.
///
/// It is read once, in one of three ways: `forEach`, `collect` or
/// ``stream()``. Until then, and while what takes it is slow, nothing is read, and the child waits when the pipe is full (64 KiB on
/// Linux). It ends when all who have the other end have closed it: the child, and the children that it has given it to.
/// Everything is used and called on the reactor's thread.
public final class ChildOutput: Abandonable {
  private enum State {
    /// Nobody has asked for it.
    case untaken
    /// Handing on what comes.
    case reading
    /// What takes it wants no more for now.
    case paused
    case ended
  }
  private let program: String
  private var descriptor: Int32
  private var state = State.untaken
  private var event: FileEvent?
  private var onPiece: ([UInt8]) -> Void = { _ in }
  private var onEnd: ((any Error)?) -> Void = { _ in }
  /// Whether a task takes it, perhaps on another thread.
  private var isStream = false
  /// The child has ended: others may hold the pipe open, but it is over when it is empty.
  private var endsWhenEmpty = false
  /// How much is read then at most: as much as a pipe holds. Another may write for ever.
  private var remaining = 1024 * 1024
  private var isReadingSoon = false
  /// The child was cancelled, or had its time.
  private var isGivenUp = false
  /// Told at the end of what somebody has taken.
  var whenEnded: () -> Void = {}
  // The reactor keeps what is read until its end, and abandons it when it goes away.
  private unowned let reactor: Reactor

  /// - Parameter descriptor: the read end of a pipe; -1 where there is none.
  init(_ descriptor: Int32, of program: String, on reactor: Reactor) {
    self.descriptor = descriptor
    self.program = program
    self.reactor = reactor
    if descriptor >= 0 { Descriptor.setNonBlocking(descriptor) }
  }

  deinit { closeDescriptor() }

  /// Whether somebody reads it who has not come to the end.
  var isOpen: Bool { state == .reading || state == .paused }

  // MARK: - Taking

  /// Calls `body` with each piece as it comes, never before this has returned; succeeds at the end.
  ///
  /// An error that `body` throws is what the Deferred fails with; the pipe is then closed, as it is by cancelling the Deferred, and what
  /// the child writes from then on fails there.
  @discardableResult
  public func forEach(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping (_ piece: [UInt8]) throws -> Void
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { piece in
      try body(piece)
      return nil
    }
  }

  /// As the form whose `body` returns nothing; but no more is read, so that the child has to wait, before the Deferred that `body` returned
  /// has fired. Where that fails, this does.
  @discardableResult
  public func forEach<Inner: DeferredType>(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping (_ piece: [UInt8]) throws -> Inner
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { try body($0).withoutValue }
  }

  // Disfavored: it only gives a context to a body that returns `.succeed()`.
  /// As the form whose `body` returns nothing; but no more is read before the Deferred that `body` returned has fired.
  @_disfavoredOverload
  @discardableResult
  public func forEach(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping (_ piece: [UInt8]) throws -> Deferred<Void>
  ) -> Deferred<Void> {
    forEach(CallSite(file: file, line: line)) { try body($0) }
  }

  /// All of it, at the end.
  ///
  /// - Parameters:
  ///   - limit: the most bytes; more is a ``ProcessError`` with the code `.tooMuchOutput`, and the pipe is closed.
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

  /// The pieces, for code that awaits them, on any thread.
  ///
  /// No more than 64 KiB and one read wait here: then the child has to. Leaving the loop, or cancelling its task, closes the pipe.
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

  /// Closes the pipe: what the child writes from then on fails there. What takes it sees the end.
  public func close() { end(nil) }

  /// - Parameter needsAll: whether it fails when the child was given up: why, its own end tells.
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
        "there is nothing to read from \(program): start it with standardOutput: .pipe, or standardError")
    }
    self.onPiece = onPiece
    self.onEnd = onEnd
    // Closed before anyone took it.
    if state == .ended { return reactor.callSoon { self.tellEnd(nil) } }
    OpenChildren.of(reactor).insert(self)
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
    // Nothing more may come, of which the kernel would tell.
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

  /// How much is read before others get their turn.
  private static let readsPerTurn = 4

  private func readReady() {
    let scratch = reactor.attached(ReadBuffer.self) { ReadBuffer() }
    for _ in 0..<Self.readsPerTurn {
      guard state == .reading else { return }
      let count = Descriptor.read(descriptor, scratch.base, scratch.capacity)
      if count > 0 {
        if endsWhenEmpty { remaining -= count }
        // So many bytes of the buffer were just written by the kernel.
        onPiece(Array(UnsafeRawBufferPointer(start: scratch.base, count: count)))
        if remaining <= 0 { return end(nil) }
      } else if count == 0 {
        return end(nil)
      } else if errno == EAGAIN {
        return endsWhenEmpty ? end(nil) : ()
      } else if errno != EINTR {
        return end(error(errno))
      }
    }
    if endsWhenEmpty, state == .reading { readSoon() }
  }

  private func error(_ errno: Int32) -> ProcessError { ProcessError(.cannotRead, "read from", program, errno: errno) }

  // MARK: - Ending

  /// Reads what is there, and waits for nobody who holds the pipe beside the child, which has ended.
  func endWhenEmpty() {
    guard isOpen, !endsWhenEmpty else { return }
    endsWhenEmpty = true
    event?.disable()
    if state == .reading { watch() }
  }

  /// The child was cancelled, or had its time.
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
    OpenChildren.of(reactor).remove(self)
    onEnd(error)
    whenEnded()
  }

  private func letGo() {
    onPiece = { _ in }
    onEnd = { _ in }
    whenEnded = {}
  }

  func abandon() {
    let wasOpen = isOpen
    closeDescriptor()
    state = .ended
    let onEnd = onEnd
    letGo()
    // A task on another thread may be waiting. Deferreds are not told: as all those of a reactor that has gone.
    if wasOpen, isStream { onEnd(ReactorGoneError()) }
  }

  private func closeDescriptor() {
    event?.close()
    event = nil
    guard descriptor >= 0 else { return }
    Descriptor.close(descriptor)
    descriptor = -1
  }
}
