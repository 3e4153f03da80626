import SwirlDeferred
import SwirlReactor

/// What the sockets of a reactor with the same configuration share, so that an idle socket is small.
final class SharedConfiguration {
  let configuration: WebSocket.Configuration
  let memory: FrameMemory
  let shortFrames: ShortFrames
  // Exempt from run-time checks for overlapping access: no callback runs meanwhile.
  @safe @exclusivity(unchecked) private var lastSent = Deferred<Void>.succeed()

  private init(_ configuration: WebSocket.Configuration, _ memory: FrameMemory, _ shortFrames: ShortFrames) {
    self.configuration = configuration
    self.memory = memory
    self.shortFrames = shortFrames
  }

  /// A Deferred that has fired, for a send: the last one, if the program has released it. Fired, with no callback that
  /// waits and not paused, it is as a new one.
  func sent() -> Deferred<Void> {
    if isKnownUniquelyReferenced(&lastSent), lastSent.isSuccess { return lastSent }
    lastSent = .succeed()
    return lastSent
  }

  /// That of the last socket, if it is the same: most servers have one configuration.
  static func of(_ configuration: WebSocket.Configuration, on reactor: Reactor) -> SharedConfiguration {
    let last = reactor.attached(Last.self) { Last() }
    if let shared = last.shared, shared.configuration == configuration { return shared }
    let shared = SharedConfiguration(configuration, last.memory, last.shortFrames)
    last.shared = shared
    return shared
  }

  /// Of the reactor.
  private final class Last {
    var shared: SharedConfiguration?
    let memory = FrameMemory()
    let shortFrames = ShortFrames()
  }
}

/// Memory for frames: one socket of the reactor at a time has it, from its first frame until all are sent.
final class FrameMemory {
  // Exempt from run-time checks for overlapping access: it is only swapped.
  @safe @exclusivity(unchecked) var bytes: [UInt8] = []
}
