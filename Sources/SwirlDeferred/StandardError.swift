import SwirlPlatform

/// Standard error as a stream to print to.
struct StandardError: TextOutputStream {
  mutating func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe write_(STDERR_FILENO, $0.baseAddress, $0.count) }
      // A report that cannot be written is lost: there is nowhere left to say so.
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }
}

/// `write(2)` under a name that the method above does not hide.
private func write_(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, bytes, count)
}
