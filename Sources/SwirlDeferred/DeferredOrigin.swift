/// The creation site of a Deferred: a `CallSite` in twelve bytes.
@usableFromInline struct DeferredOrigin: Sendable {
  /// The address of the file's name, a static C string; zero without an address.
  @usableFromInline let file: UInt
  @usableFromInline let line: UInt32

  @inlinable init(file: UInt, line: UInt32) {
    self.file = file
    self.line = line
  }

  @inlinable init(_ file: StaticString, _ line: UInt) {
    // A StaticString of one character, which is not a file name, may have no address.
    self.file = file.hasPointerRepresentation ? unsafe UInt(bitPattern: file.utf8Start) : 0
    self.line = UInt32(truncatingIfNeeded: line)
  }

  var site: CallSite? {
    guard let start = unsafe UnsafePointer<UInt8>(bitPattern: file) else { return nil }
    var length = 0
    var isASCII = true
    while unsafe start[length] != 0 {
      if unsafe start[length] >= 0x80 { isASCII = false }
      length += 1
    }
    // The frozen layout of StaticString is an address, a length and flags, of which 2 means ASCII. No public
    // initializer takes an address.
    let name = unsafe unsafeBitCast((file, UInt(length), UInt8(isASCII ? 2 : 0)), to: StaticString.self)
    return CallSite(file: name, line: UInt(line))
  }
}
