import Synchronization

/// An accepted connection on its way to the reactor of another thread. It is closed if it arrives nowhere.
package final class AcceptedSocket: Sendable {
  package let peer: SocketAddress?
  private let descriptor: Mutex<Int32>

  init(_ descriptor: Int32, _ peer: SocketAddress?) {
    self.descriptor = Mutex(descriptor)
    self.peer = peer
  }

  deinit {
    let descriptor = take()
    if descriptor >= 0 { Socket.close(descriptor) }
  }

  /// The descriptor, which the caller has to close; -1 the second time.
  func take() -> Int32 {
    descriptor.withLock { descriptor in
      defer { descriptor = -1 }
      return descriptor
    }
  }
}
