import SwirlPlatform
public import SwirlReactor
import Synchronization

/// A descriptor that another process has passed. It is closed with the object, unless it is taken.
public final class PassedDescriptor: Sendable, FileDescriptorConvertible {
  private let number: Mutex<Int32>

  init(_ number: Int32) { self.number = Mutex(number) }

  deinit {
    let number = number.withLock { $0 }
    if number >= 0 { Socket.close(number) }
  }

  /// The number; -1 once it is taken.
  public var fileDescriptor: Int32 { number.withLock { $0 } }

  /// The number, which from here the caller closes, or has adopted; -1 the second time.
  public func take() -> Int32 {
    number.withLock { number in
      defer { number = -1 }
      return number
    }
  }
}
