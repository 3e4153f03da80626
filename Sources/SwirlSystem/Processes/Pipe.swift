import CSwirlSystem
import SwirlPlatform

/// Owns both ends of a new pipe until other objects take them.
struct Pipe {
  let readEnd: Int32
  let writeEnd: Int32

  /// Nil if the kernel refuses one: errno has the reason.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard swirl_pipe(&ends) == 0 else { return nil }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
}

/// The descriptor system calls of this module. -1 is an error; errno has the reason.
enum Descriptor {
  static func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Duplicates it to a number of `minimum` or above.
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

// The functions above shadow these names.
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ room: Int) -> Int {
  read(descriptor, bytes, room)
}
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
