import CSwirlSystem
import SwirlPlatform

/// The ends of a pipe on their way to those who will close them.
struct Pipe {
  let readEnd: Int32
  let writeEnd: Int32

  /// Nil when the kernel gives none: errno says why.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard swirl_pipe(&ends) == 0 else { return nil }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
}

/// The system calls on descriptors that this module makes: -1 is the error, and errno says which.
enum Descriptor {
  static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Another number for it, no smaller than `minimum`.
  static func duplicate(_ descriptor: Int32, from minimum: Int32) -> Int32 {
    fcntl(descriptor, F_DUPFD_CLOEXEC, minimum)
  }

  static func read(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ room: Int) -> Int {
    systemRead(descriptor, bytes, room)
  }

  static func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    systemWrite(descriptor, bytes, count)
  }

  static func close(_ descriptor: Int32) { _ = systemClose(descriptor) }
}

// The functions above have their names.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ room: Int) -> Int {
  read(descriptor, bytes, room)
}
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
