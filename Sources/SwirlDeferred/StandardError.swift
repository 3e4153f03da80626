import SwirlPlatform

/// Standard error as an output stream.
struct StandardError: TextOutputStream {
  mutating func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write_(STDERR_FILENO, $0.baseAddress, $0.count) }
      // A report that cannot be written is lost: no other channel is left.
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// `write(2)`, which the method above shadows.
private func write_(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
