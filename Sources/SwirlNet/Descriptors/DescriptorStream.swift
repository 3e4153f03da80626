import SwirlPlatform
import SwirlReactor

/// A descriptor to read from and one to write to, in the place of a transport's socket; each may be missing, or both
/// the same.
final class DescriptorStream: SimulatedSocket, ReadinessSource {
  private let input: DescriptorEnd?
  private let output: DescriptorEnd?
  /// The content of a regular file, which is read on a thread.
  private var file: FileInput?
  private unowned let reactor: Reactor
  /// Without an input: watches for the end of the process that reads.
  private var outputWatch: FileEvent?
  private var hasEnded = false
  private var events: [SourcedEvent] = []

  init(reading input: DescriptorEnd?, writing output: DescriptorEnd?, on reactor: Reactor) {
    self.input = input
    self.output = output
    self.reactor = reactor
    if let input, input.kind == .file {
      file = FileInput(input.number, on: reactor) { [weak self] in self?.fireReaders() }
    }
  }

  var localAddress: SocketAddress? { nil }
  var peerState: PeerState { .open }
  func takeError() -> Int32 { 0 }
  func accept() -> (socket: StreamSocket, peer: SocketAddress?)? { nil }
  func resetOnClose() {}

  func receive(_ base: UnsafeMutableRawPointer, _ room: Int, isPeeking: Bool) -> Int {
    if let file { return file.read(base, isPeeking ? 0 : room) }
    if let input {
      if !isPeeking { return input.read(base, room) }
      if input.hasInput { return 1 }
    } else if hasEnded || output?.isBroken == true {
      return 0
    }
    errno = EAGAIN
    return -1
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    if let output { return output.write(bytes) }
    errno = EBADF
    return -1
  }

  func shutdownWriting() {
    guard let output, !hasEnded else { return }
    if output === input { return output.shutdownWriting() }
    if input != nil { return output.close() }
    // With its only direction the transport has ended, as if the reader had closed its end.
    hasEnded = true
    for event in events { fireSoon(event) }
  }

  func close() {
    file = nil
    outputWatch?.close()
    outputWatch = nil
    input?.close()
    output?.close()
  }

  // MARK: - Readiness

  func fileEvent(_ interest: FileEvent.Interest, handler: @escaping () -> Void) -> FileEvent {
    let end = interest == .read ? input : output
    if let end, end.kind != .file { return reactor.fileEvent(end.number, interest, handler: handler) }
    return SourcedEvent(self, -1, interest, handler: handler)
  }

  func begin(_ event: SourcedEvent) -> Bool {
    events.append(event)
    if event.interest == .write || hasEnded {
      // A write to a file takes all.
      fireSoon(event)
    } else if let file {
      if file.isReady { fireSoon(event) } else { file.prepare() }
    } else {
      watchOutput()
    }
    return true
  }

  func end(_ event: SourcedEvent) {
    events.removeAll { $0 === event }
    if event.interest == .read { outputWatch?.disable() }
  }

  /// The write end of a pipe becomes readable when its last reader has closed it. A terminal, where that would be the
  /// user's input, does not tell.
  private func watchOutput() {
    guard input == nil, let output, output.kind == .pipe || output.kind == .socket else { return }
    let watch = outputWatch ?? reactor.fileEvent(output.number, .read) { [unowned self] in fireReaders() }
    outputWatch = watch
    watch.enable()
  }

  private func fireReaders() {
    for event in events where event.interest == .read {
      event.fire()
      fireAgain(event)
    }
  }

  /// Level triggered, like the kernel's.
  private func fireAgain(_ event: SourcedEvent) {
    guard event.isEnabled else { return }
    if event.interest == .write || hasEnded || file?.isReady == true { fireSoon(event) } else { file?.prepare() }
  }

  private func fireSoon(_ event: SourcedEvent) {
    reactor.callSoon { [weak self, weak event] in
      guard let self, let event, event.isEnabled else { return }
      event.fire()
      fireAgain(event)
    }
  }
}
